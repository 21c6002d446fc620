import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { encodeTarHeader, tarEnd, tarPadding } from '#core/tar-header'
import { plainTar } from './plain-tar.ts'

const member = (name: string, text: string): Buffer => {
  const base = { name, mode: 0o644, uid: 0, gid: 0, mtime: 0, size: text.length }
  const header = encodeTarHeader({ ...base, type: 'file' })
  return Buffer.concat([header, Buffer.from(text), tarPadding(text.length)])
}

/** The member as one of another type. */
const typed = (whole: Uint8Array, type: string): Buffer => {
  const tar = Buffer.from(whole)
  tar.write(type, 156, 'latin1')
  tar.write('        ', 148)
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return tar
}

const pax = (text: string): Buffer => typed(member('pax', text), 'x')

const through = async (...parts: readonly Uint8Array[]): Promise<Buffer> => {
  const tar = Buffer.concat([...parts, tarEnd])
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < tar.length; at += 700) yield tar.subarray(at, at + 700)
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of plainTar(source())) chunks.push(chunk)
  return Buffer.concat(chunks)
}

test('a plain tar with extensions and links arrives as it is', async () => {
  const parts = [
    pax('12 path=a/b\n'),
    member('short', 'text'),
    typed(member('././@LongLink', 'long/name\0'), 'L'),
    member('long', 'more'),
    typed(member('directory/', ''), '5'),
    pax('10 size=5\n'),
    member('five', 'fives'),
  ]
  assert.deepEqual(await through(...parts), Buffer.concat([...parts, tarEnd]))
})

test('what would unpack to more than came is refused', async () => {
  const hidden = member('sparse', 'x').toString('latin1')
  const refused = {
    compressed: [gzipSync(member('a', 'b'))],
    'a sparse file': [typed(member('a', 'b'), 'S')],
    'a sparse file by extension': [pax('22 GNU.sparse.major=1\n'), member('a', 'b')],
    'a directory with content': [member('directory/', hidden)],
    'a directory by extension': [pax('11 path=d/\n'), member('a', hidden)],
  }
  for (const [what, parts] of Object.entries(refused)) {
    await assert.rejects(through(...parts), { code: 'bad-request' }, what)
  }
})

test('extensions that readers could read differently are corrupt', async () => {
  for (const text of ['99 path=a\n', 'path=a', '9 size=-1\n', '0 a=b\n']) {
    await assert.rejects(through(pax(text), member('a', 'b')), { code: 'corrupt' }, text)
  }
})
