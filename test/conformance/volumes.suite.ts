import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ArtelError, type ErrorCode } from '#core/errors'
import type { TarLimits, Volume, Volumes } from '#ports/volumes'
import { itemsOf, type TarItem, tarOf } from './tar-of.ts'

export type VolumesUnderTest = {
  readonly volumes: Volumes
  /** The same volumes after the node has restarted. */
  readonly reopen: () => Promise<Volumes>
  readonly close: () => Promise<void>
}

const mebibyte = 1024 * 1024
const wide: TarLimits = { bytesMax: 16 * mebibyte, entriesMax: 1000 }

const isCode =
  (code: ErrorCode) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof ArtelError, String(error))
    assert.equal(error.code, code, error.message)
    return true
  }

/** What every volumes adapter must do. */
export const volumesSuite = (name: string, begin: () => Promise<VolumesUnderTest>): void => {
  describe(`${name} volumes`, { timeout: 60_000 }, () => {
    const signal = AbortSignal.timeout(60_000)
    let subject: VolumesUnderTest
    let volumes: Volumes
    let serial = 0

    before(async () => {
      subject = await begin()
      volumes = subject.volumes
    })
    after(async () => {
      for (const id of await volumes.ids()) await volumes.remove(id, signal)
      await subject.close()
    })

    const fresh = async (): Promise<Volume> => {
      serial += 1
      const volume = await volumes.create(`volume-${serial}`, 8 * mebibyte, signal)
      await volumes.makeDirectory(volume, 'data', 0o755)
      return volume
    }
    const unpack = (volume: Volume, items: readonly TarItem[], limits = wide): Promise<void> =>
      volumes.unpack(volume, 'data', tarOf(items), limits, signal)

    test('makes, finds, lists and removes', async () => {
      const volume = await fresh()
      assert.deepEqual(await volumes.open(volume.id), volume)
      assert.ok((await volumes.ids()).includes(volume.id))
      await assert.rejects(volumes.create(volume.id, mebibyte, signal), isCode('conflict'))
      await volumes.remove(volume.id, signal)
      await volumes.remove(volume.id, signal)
      assert.equal(await volumes.open(volume.id), undefined)
      assert.ok(!(await volumes.ids()).includes(volume.id))
    })

    test('keeps its contents over a restart of the node', async () => {
      const volume = await fresh()
      await volumes.writeFile(volume, 'data/kept', new TextEncoder().encode('yes'), 0o600)
      const later = await subject.reopen()
      const found = await later.open(volume.id)
      assert.deepEqual(found, volume)
      const bytes = await later.readFile(volume, 'data/kept', 100)
      assert.equal(new TextDecoder().decode(bytes), 'yes')
    })

    test('packs what was unpacked', async () => {
      const volume = await fresh()
      await unpack(volume, [
        { name: './', type: 'directory', mode: 0o700 },
        { name: './dir/', type: 'directory', mode: 0o750 },
        { name: 'dir/run.sh', mode: 0o755, content: 'echo' },
        { name: 'dir/empty', content: '' },
        { name: 'link', type: 'symlink', linkname: '../../anywhere' },
        { name: 'again', type: 'link', linkname: 'dir/run.sh' },
      ])
      const items = await itemsOf(volumes.pack(volume, 'data', signal))
      assert.deepEqual(Object.keys(items).sort(), [
        'again',
        'dir/',
        'dir/empty',
        'dir/run.sh',
        'link',
      ])
      assert.deepEqual(items['dir/'], { type: 'directory', content: '', mode: 0o750 })
      assert.deepEqual(items['dir/run.sh'], { type: 'file', content: 'echo', mode: 0o755 })
      assert.equal(items.link?.content, '../../anywhere')
      assert.equal(items.again?.content, 'echo')
    })

    test('gives an empty tar for an empty directory, and the same bytes for the same contents', async () => {
      const volume = await fresh()
      assert.deepEqual(await itemsOf(volumes.pack(volume, 'data', signal)), {})
      const items = [
        { name: 'b', content: '2' },
        { name: 'a', content: '1' },
      ]
      const bytes: Buffer[] = []
      for (const order of [items, items.toReversed()]) {
        await volumes.emptyDirectory(volume, 'data')
        await unpack(
          volume,
          order.map((item) => ({ ...item, mtime: new Date(5000) })),
        )
        const chunks: Uint8Array[] = []
        for await (const chunk of volumes.pack(volume, 'data', signal)) chunks.push(chunk)
        bytes.push(Buffer.concat(chunks))
      }
      assert.ok(bytes[0] !== undefined && bytes[1] !== undefined)
      assert.ok(bytes[0].equals(bytes[1]))
    })

    test('replaces what lies under the same name', async () => {
      const volume = await fresh()
      await unpack(volume, [
        { name: 'a', content: 'old' },
        { name: 'd/inner', content: 'old' },
      ])
      await unpack(volume, [
        { name: 'a', content: 'new' },
        { name: 'd', content: 'a file now' },
      ])
      const items = await itemsOf(volumes.pack(volume, 'data', signal))
      assert.equal(items.a?.content, 'new')
      assert.deepEqual(items.d?.type, 'file')
    })

    test('refuses names that lead outside, and kinds that are no content', async () => {
      const volume = await fresh()
      const refused: readonly TarItem[] = [
        { name: '../up', content: 'x' },
        { name: '/etc/passwd', content: 'x' },
        { name: 'a/../../up', content: 'x' },
        { name: 'pipe', type: 'fifo' },
        { name: 'disk', type: 'block-device', devmajor: 8, devminor: 0 },
        { name: 'tty', type: 'character-device', devmajor: 5, devminor: 0 },
        { name: 'hard', type: 'link', linkname: '../../outside' },
      ]
      for (const item of refused) {
        await assert.rejects(unpack(volume, [item]), isCode('bad-request'), item.name)
      }
      assert.deepEqual(await itemsOf(volumes.pack(volume, 'data', signal)), {})
    })

    test('writes through no link that came in the same tar', async () => {
      const volume = await fresh()
      const through = [
        { name: 'way', type: 'symlink', linkname: '/tmp' } as const,
        { name: 'way/planted', content: 'x' },
      ]
      await assert.rejects(unpack(volume, through), isCode('bad-request'))
    })

    test('drops the bits that change a user', async () => {
      const volume = await fresh()
      await unpack(volume, [{ name: 'root-shell', mode: 0o6755, content: 'x' }])
      const items = await itemsOf(volumes.pack(volume, 'data', signal))
      assert.equal(items['root-shell']?.mode, 0o755)
    })

    test('bounds entries and bytes, and refuses what is no tar', async () => {
      const volume = await fresh()
      const two = [
        { name: 'a', content: '12345' },
        { name: 'b', content: '12345' },
      ]
      const few = unpack(volume, two, { bytesMax: 100, entriesMax: 1 })
      await assert.rejects(few, isCode('too-large'))
      const small = unpack(volume, two, { bytesMax: 9, entriesMax: 2 })
      await assert.rejects(small, isCode('too-large'))
      await unpack(volume, two, { bytesMax: 10, entriesMax: 2 })
      async function* noise(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(2048).fill(7)
      }
      const broken = volumes.unpack(volume, 'data', noise(), wide, signal)
      await assert.rejects(broken, isCode('bad-request'))
    })

    test('says not-found for a directory that is not there', async () => {
      const volume = await fresh()
      const missing = volumes.unpack(volume, 'absent', tarOf([]), wide, signal)
      await assert.rejects(missing, isCode('not-found'))
      await assert.rejects(itemsOf(volumes.pack(volume, 'absent', signal)), isCode('not-found'))
      await assert.rejects(volumes.emptyDirectory(volume, 'absent'), isCode('not-found'))
      assert.equal(await volumes.holdsAnything(volume, 'absent'), false)
      await volumes.removeDirectory(volume, 'absent')
    })

    test('writes, reads and bounds small files', async () => {
      const volume = await fresh()
      const bytes = new TextEncoder().encode('hello')
      await volumes.writeFile(volume, 'data/file', bytes, 0o640)
      await volumes.writeFile(volume, 'data/file', bytes, 0o640)
      assert.deepEqual(await volumes.readFile(volume, 'data/file', 5), bytes)
      await assert.rejects(volumes.readFile(volume, 'data/file', 4), isCode('too-large'))
      assert.equal(await volumes.readFile(volume, 'data/absent', 5), undefined)
      assert.equal(await volumes.readFile(volume, 'data', 5), undefined)
      await unpack(volume, [{ name: 'link', type: 'symlink', linkname: 'file' }])
      assert.equal(await volumes.readFile(volume, 'data/link', 5), undefined)
      await assert.rejects(volumes.writeFile(volume, '../x', bytes, 0o600), isCode('bad-request'))
    })

    test('says whether a directory holds anything, empties and removes it', async () => {
      const volume = await fresh()
      assert.equal(await volumes.holdsAnything(volume, 'data'), false)
      await unpack(volume, [{ name: 'a/b/c', content: 'x' }])
      assert.equal(await volumes.holdsAnything(volume, 'data'), true)
      await volumes.emptyDirectory(volume, 'data')
      assert.equal(await volumes.holdsAnything(volume, 'data'), false)
      await unpack(volume, [{ name: 'a/b/c', content: 'x' }])
      await volumes.removeDirectory(volume, 'data')
      assert.equal(await volumes.holdsAnything(volume, ''), false)
    })

    test('refuses ids that are no plain names', async () => {
      for (const id of ['', '..', 'a/b', '.hidden']) {
        await assert.rejects(volumes.create(id, mebibyte, signal), isCode('bad-request'), id)
      }
    })

    test('gives up with the reason of its signal', async () => {
      const volume = await fresh()
      const reason = new ArtelError('cancelled', 'enough')
      const aborted = AbortSignal.abort(reason)
      await assert.rejects(volumes.unpack(volume, 'data', tarOf([]), wide, aborted), reason)
      await assert.rejects(itemsOf(volumes.pack(volume, 'data', aborted)), reason)
    })
  })
}
