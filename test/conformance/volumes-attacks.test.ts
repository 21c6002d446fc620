import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pack } from 'tar-stream'
import { unmount } from '#adapters/volumes-disk/loop-mount'
import { createDiskVolumes } from '#adapters/volumes-disk/volumes'
import { ArtelError } from '#core/errors'
import type { Volume, Volumes } from '#ports/volumes'

const mebibyte = 1024 * 1024
const limits = { bytesMax: 64 * mebibyte, entriesMax: 10_000 }
const secret = 'the owner keeps this'

async function* filesTar(names: readonly string[], content = 'x'): AsyncGenerator<Uint8Array> {
  const tar = pack()
  for (const name of names) tar.entry({ name }, content)
  tar.finalize()
  for await (const chunk of tar) if (chunk instanceof Uint8Array) yield chunk
}

describe('a container that changes its volume under the node', () => {
  const signal = AbortSignal.timeout(60_000)
  let place: string
  let outside: string
  let volumes: Volumes
  let volume: Volume
  let serial = 0

  before(async () => {
    place = await mkdtemp(join(tmpdir(), 'artel-attacks-'))
    outside = join(place, 'outside')
    await mkdir(outside)
    await writeFile(join(outside, 'secret'), secret)
    volumes = await createDiskVolumes({ directory: join(place, 'volumes') })
  })
  after(async () => {
    for (const id of await volumes.ids()) await volumes.remove(id, signal)
    await rm(place, { recursive: true, force: true })
  })

  const fresh = async (): Promise<void> => {
    serial += 1
    volume = await volumes.create(`attacked-${serial}`, 4 * mebibyte, signal)
    await volumes.makeDirectory(volume, 'data', 0o777)
  }
  const inside = (path: string): string => join(volume.path, path)
  const outsideIsUntouched = async (): Promise<void> => {
    assert.deepEqual(await readdir(outside), ['secret'])
    assert.equal(await readFile(join(outside, 'secret'), 'utf8'), secret)
  }
  const packed = async (directory: string): Promise<string> => {
    const chunks: Uint8Array[] = []
    for await (const chunk of volumes.pack(volume, directory, signal)) chunks.push(chunk)
    return Buffer.concat(chunks).toString('latin1')
  }

  test('gets nothing read or written outside by a link in place of a directory', async () => {
    await fresh()
    await rm(inside('data'), { recursive: true })
    await symlink(outside, inside('data'))
    const bytes = new Uint8Array(3)
    await assert.rejects(
      volumes.unpack(volume, 'data', filesTar(['a']), limits, signal),
      ArtelError,
    )
    await assert.rejects(packed('data'), ArtelError)
    await assert.rejects(volumes.writeFile(volume, 'data/new', bytes, 0o600), ArtelError)
    await assert.rejects(volumes.makeDirectory(volume, 'data/new', 0o700), ArtelError)
    await assert.rejects(volumes.emptyDirectory(volume, 'data'), ArtelError)
    await assert.rejects(volumes.holdsAnything(volume, 'data'), ArtelError)
    assert.equal(await volumes.readFile(volume, 'data/secret', 100), undefined)
    await outsideIsUntouched()
    await volumes.removeDirectory(volume, 'data')
    assert.deepEqual(await readdir(volume.path), [])
    await outsideIsUntouched()
  })

  test('gets nothing read or written outside by links inside a directory', async () => {
    await fresh()
    await symlink(outside, inside('data/way'))
    await symlink(join(outside, 'secret'), inside('data/file'))
    await assert.rejects(
      volumes.unpack(volume, 'data', filesTar(['way/planted']), limits, signal),
      ArtelError,
    )
    await volumes.unpack(volume, 'data', filesTar(['file'], 'mine'), limits, signal)
    assert.equal(await readFile(inside('data/file'), 'utf8'), 'mine')
    assert.ok(!(await packed('data')).includes(secret))
    await volumes.emptyDirectory(volume, 'data')
    await outsideIsUntouched()
  })

  test('wins no race that swaps a directory for a link', async () => {
    await fresh()
    let over = false
    let swaps = 0
    const swapping = (async () => {
      while (!over) {
        await rm(inside('data/d'), { recursive: true, force: true })
        await symlink(outside, inside('data/d')).catch(() => undefined)
        await rm(inside('data/d'), { recursive: true, force: true })
        await mkdir(inside('data/d')).catch(() => undefined)
        swaps += 1
      }
    })()
    // A lost round of the swapping is no failure; the node's side is what counts.
    const swapped = swapping.catch(() => undefined)
    const refused: string[] = []
    for (let i = 0; i < 150; i += 1) {
      const attempts = [
        volumes.unpack(volume, 'data', filesTar([`d/f${i}`]), limits, signal),
        volumes.writeFile(volume, `data/d/w${i}`, new Uint8Array(1), 0o600),
        packed('data').then((text) => assert.ok(!text.includes(secret))),
        volumes
          .readFile(volume, 'data/d/secret', 100)
          .then((bytes) => assert.equal(bytes, undefined)),
      ]
      for (const outcome of await Promise.allSettled(attempts)) {
        if (outcome.status === 'fulfilled') continue
        assert.ok(outcome.reason instanceof ArtelError, String(outcome.reason))
        refused.push(outcome.reason.code)
      }
    }
    over = true
    await swapped
    assert.ok(refused.length > 0, 'no attempt met a link')
    assert.ok(swaps > 0)
    await outsideIsUntouched()
  })

  test('does not hold the node up with a pipe', async () => {
    await fresh()
    execFileSync('mkfifo', [inside('data/pipe')])
    assert.equal(await volumes.readFile(volume, 'data/pipe', 10), undefined)
    await volumes.writeFile(volume, 'data/pipe', new Uint8Array([7]), 0o600)
    assert.deepEqual(await volumes.readFile(volume, 'data/pipe', 10), new Uint8Array([7]))
  })

  test('leaves nothing behind under names that are no text', async () => {
    await fresh()
    await writeFile(Buffer.from([...Buffer.from(inside('data/')), 0xff, 0xfe]), 'x')
    await assert.rejects(packed('data'), ArtelError)
    await volumes.removeDirectory(volume, 'data')
    assert.deepEqual(await readdir(volume.path), [])
  })

  test('cannot fill more than its size', async (context) => {
    if (!volumes.sized) return context.skip('this process may not mount')
    await fresh()
    const big = 'x'.repeat(6 * mebibyte)
    await assert.rejects(
      volumes.unpack(volume, 'data', filesTar(['big'], big), limits, signal),
      (error) => error instanceof ArtelError && error.code === 'out-of-disk',
    )
  })

  test('finds its files again after the machine has restarted', async (context) => {
    if (!volumes.sized) return context.skip('this process may not mount')
    await fresh()
    await volumes.writeFile(volume, 'data/kept', new Uint8Array([1]), 0o600)
    await unmount(volume.path, signal)
    assert.deepEqual(await readdir(volume.path), [])
    assert.deepEqual(await volumes.open(volume.id), volume)
    assert.deepEqual(await volumes.readFile(volume, 'data/kept', 10), new Uint8Array([1]))
  })
})
