import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { extract } from 'tar-stream'
import { encodeTarHeader, type TarHeader, tarEnd, tarPadding } from './tar-header.ts'

/** What another program reads out of our tar. */
const readBack = async (header: TarHeader, content: Uint8Array) => {
  const entries = extract()
  for (const part of [encodeTarHeader(header), content, tarPadding(content.length), tarEnd]) {
    entries.write(Buffer.from(part))
  }
  entries.end(undefined)
  for await (const entry of entries) {
    const chunks: Uint8Array[] = []
    for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(chunk)
    return { header: entry.header, content: Buffer.concat(chunks) }
  }
  throw new Error('no entry')
}

const anyHeader: fc.Arbitrary<TarHeader> = fc.record({
  name: fc.stringMatching(/^[a-zäß/.]{1,150}[a-z]$/),
  type: fc.constant('file'),
  mode: fc.integer({ min: 1, max: 0o777 }),
  uid: fc.constantFrom(0, 1000, 0o7777777, 3_000_000_000),
  gid: fc.constantFrom(0, 1000, 0o7777777, 3_000_000_000),
  mtime: fc.integer({ min: 0, max: 4_000_000_000 }),
  size: fc.constant(0),
})

test('another reader finds the entry that was written, however long or foreign its name', async () => {
  await fc.assert(
    fc.asyncProperty(anyHeader, fc.uint8Array({ maxLength: 1500 }), async (given, content) => {
      const found = await readBack({ ...given, size: content.length }, content)
      const { name, mode, uid, gid, mtime, size } = found.header
      assert.deepEqual(
        { name, mode, uid, gid },
        { name: given.name, mode: given.mode, uid: given.uid, gid: given.gid },
      )
      assert.equal(mtime?.getTime(), given.mtime * 1000)
      assert.equal(size, content.length)
      assert.deepEqual(found.content, Buffer.from(content))
    }),
  )
})

test('links keep long targets', async () => {
  const linkname = `../${'far/'.repeat(60)}target`
  const base = { name: 'link', mode: 0o777, uid: 0, gid: 0, mtime: 0, size: 0 } as const
  const found = await readBack({ ...base, type: 'symlink', linkname }, new Uint8Array())
  assert.equal(found.header.type, 'symlink')
  assert.equal(found.header.linkname, linkname)
})

test('files of many gibibytes keep their size', () => {
  const base = { name: 'big', mode: 0o644, uid: 0, gid: 0, mtime: 0, type: 'file' } as const
  const header = encodeTarHeader({ ...base, size: 2 ** 40 + 7 })
  const field = header.subarray(124, 136)
  assert.equal(field[0], 0x80)
  assert.equal(Buffer.from(field).readUIntBE(6, 6), 2 ** 40 + 7)
})
