import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock, type VirtualClock } from '#adapters/memory/clock'
import { createMemoryEngine } from '#adapters/memory/engine'
import { memoryImage } from '#adapters/memory/engine-images'
import { createMemoryLog } from '#adapters/memory/log'
import { createMemoryRecords } from '#adapters/memory/records'
import type { ImageReference } from '#core/manifest'
import type { EngineImage } from '#ports/engine'
import { createBackground } from './background.ts'
import { createImages } from './images.ts'

const pulled = (name: string, sizeBytes: number): EngineImage => {
  const { id } = memoryImage(name)
  return memoryImage(name, { sizeBytes, repoDigests: [`${name}@${id}`] })
}

const referenceOf = ({ id, tags }: EngineImage): ImageReference => ({
  reference: tags[0] ?? '',
  digest: id,
  source: 'registry',
})

const play = async (
  registry: readonly EngineImage[],
  held: readonly EngineImage[],
  scene: (host: {
    readonly images: ReturnType<typeof createImages>
    readonly ids: () => Promise<readonly string[]>
    readonly clock: VirtualClock
    readonly signal: AbortSignal
  }) => Promise<void>,
): Promise<void> => {
  const clock = createVirtualClock({ startMs: 0 })
  const { signal } = new AbortController()
  const log = createMemoryLog()
  const background = createBackground(log)
  const engine = createMemoryEngine({ clock, images: held, registry })
  const images = createImages(
    { engine, clock, log, records: createMemoryRecords(), background },
    { imageBytesMax: 100, cacheBytesMax: 100, pullTimeoutMs: 1000 },
  )
  const ids = async () => (await engine.images(signal)).map(({ id }) => id).sort()
  await scene({ images, ids, clock, signal })
  await background.stop()
}

const all = async (progress: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of progress);
}

test('images that one lease has pulled make room for one another', async () => {
  const [one, two] = [pulled('one', 60), pulled('two', 60)]
  await play([one, two], [], async ({ images, ids, clock, signal }) => {
    await all(images.pull(referenceOf(one), signal))
    await clock.advance(1)
    await all(images.pull(referenceOf(two), signal))
    assert.deepEqual(await ids(), [two.id])
  })
})

test('what was pulled on the strength of a request is removed like any other', async () => {
  const [warm, own] = [pulled('warm', 60), pulled('own', 60)]
  await play([warm, own], [own], async ({ images, ids, clock, signal }) => {
    for (const image of [warm, own]) images.warm(referenceOf(image))
    await clock.advance(1)
    assert.deepEqual(await ids(), [warm.id, own.id].sort())
    await images.removeAll(signal)
    assert.deepEqual(await ids(), [own.id])
  })
})

test('an image that is larger than a tenant may send is not pulled either', async () => {
  const large = pulled('large', 101)
  await play([large], [], async ({ images, signal }) => {
    await assert.rejects(all(images.pull(referenceOf(large), signal)), { code: 'too-large' })
  })
})
