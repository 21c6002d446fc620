import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArtelError } from '#core/errors'
import type { Engine, EngineImage } from '#ports/engine'
import { createImages } from './images.ts'

const id = `sha256:${'1'.repeat(64)}`
const digest = `sha256:${'2'.repeat(64)}`
const never = new AbortController().signal

const held = (change: Partial<EngineImage> = {}): EngineImage => ({
  id,
  repoDigests: [],
  tags: [],
  arch: 'amd64',
  os: 'linux',
  sizeBytes: 100,
  entrypoint: [],
  command: ['bash'],
  volumes: [],
  ...change,
})

/** An engine that knows images and nothing else; `registry` is what a pull brings. */
const engineWith = (
  images: Record<string, EngineImage>,
  registry: Record<string, EngineImage> = {},
): Pick<Engine, 'image' | 'pull'> => {
  const known: Record<string, EngineImage> = { ...images }
  return {
    image: async (reference) => known[reference],
    pull: async (reference) => {
      const found = registry[reference]
      if (found === undefined) throw new ArtelError('image-not-found', 'no such image')
      known[reference.replace('docker.io/library/', '')] = found
    },
  }
}

test('an image that a registry served under this name is named by its manifest digest', async () => {
  const engine = engineWith({ 'debian:12': held({ repoDigests: [`debian@${digest}`] }) })
  const { image, arch } = await createImages(engine).resolve('debian:12', never)
  assert.deepEqual(image, {
    reference: 'docker.io/library/debian:12',
    digest,
    source: 'registry',
  })
  assert.equal(arch, 'amd64')
})

test('an image that exists only here is named by its config digest and comes from the tenant', async () => {
  const engine = engineWith({ mine: held({ repoDigests: [`other/name@${digest}`] }) })
  const { image } = await createImages(engine).resolve('mine', never)
  assert.deepEqual(image, {
    reference: 'docker.io/library/mine:latest',
    digest: id,
    source: 'tenant',
  })
})

test('an image that is not here is pulled first', async () => {
  const engine = engineWith(
    {},
    { 'docker.io/library/debian:12': held({ repoDigests: [`debian@${digest}`] }) },
  )
  const { image } = await createImages(engine).resolve('debian:12', never)
  assert.equal(image.digest, digest)
})

test('with always the registry is asked though the image is here, with never it is not', async () => {
  const newer = `sha256:${'3'.repeat(64)}`
  const engine = engineWith(
    { 'debian:12': held({ repoDigests: [`debian@${digest}`] }) },
    { 'docker.io/library/debian:12': held({ repoDigests: [`debian@${newer}`] }) },
  )
  const images = createImages(engine)
  assert.equal((await images.resolve('debian:12', never, 'never')).image.digest, digest)
  assert.equal((await images.resolve('debian:12', never, 'always')).image.digest, newer)
  await assert.rejects(createImages(engineWith({})).resolve('debian:12', never, 'never'), {
    code: 'image-not-found',
  })
})

test('an image that nobody has is image-not-found', async () => {
  await assert.rejects(createImages(engineWith({})).resolve('nope', never), {
    code: 'image-not-found',
  })
})

test('without an engine only a digest will do', async () => {
  const images = createImages(undefined)
  await assert.rejects(images.resolve('debian', never), { code: 'unavailable' })
  const { image } = await images.resolve(`debian@${digest}`, never)
  assert.equal(image.digest, digest)
})
