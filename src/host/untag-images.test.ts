import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeTarHeader, tarEnd, tarPadding } from '#core/tar-header'
import { parseTarHeader } from './parse-tar-header.ts'
import { untagImages } from './untag-images.ts'

const member = (name: string, text: string, linkname?: string): Buffer => {
  const bytes = Buffer.from(text, 'latin1')
  const base = { name, mode: 0o644, uid: 0, gid: 0, mtime: 0, size: bytes.length }
  const header = encodeTarHeader(
    linkname === undefined ? { ...base, type: 'file' } : { ...base, type: 'symlink', linkname },
  )
  return Buffer.concat([header, bytes, tarPadding(bytes.length)])
}

const through = async (tar: Uint8Array, pieceBytes: number): Promise<Buffer> => {
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < tar.length; at += pieceBytes) yield tar.subarray(at, at + pieceBytes)
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of untagImages(source())) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const membersOf = (tar: Buffer): ReadonlyMap<string, string> => {
  const members = new Map<string, string>()
  for (let at = 0; at < tar.length; ) {
    const entry = parseTarHeader(tar.subarray(at, at + 512))
    if (entry === undefined) break
    members.set(entry.name, tar.subarray(at + 512, at + 512 + entry.sizeBytes).toString())
    at += 512 + entry.sizeBytes + tarPadding(entry.sizeBytes).length
  }
  return members
}

const image = Buffer.concat([
  member('abc.json', '{"config":1}'),
  member('manifest.json', '[{"Config":"abc.json","RepoTags":["debian:latest"],"Layers":[]}]'),
  member('repositories', '{"debian":{"latest":"abc"}}'),
  member(
    'index.json',
    '{"manifests":[{"digest":"d","annotations":{"io.containerd.image.name":"x"}}]}',
  ),
  tarEnd,
])

test('an image that a tenant sends arrives without its names, and otherwise as it is', async () => {
  for (const pieceBytes of [7, 512, 100_000]) {
    const members = membersOf(await through(image, pieceBytes))
    assert.equal(members.get('abc.json'), '{"config":1}')
    assert.deepEqual(JSON.parse(members.get('manifest.json') ?? ''), [
      { Config: 'abc.json', RepoTags: null, Layers: [] },
    ])
    assert.equal(members.get('repositories'), '{}')
    assert.deepEqual(JSON.parse(members.get('index.json') ?? ''), { manifests: [{ digest: 'd' }] })
  }
})

test('a member cannot be renamed behind its header', async () => {
  const long = `${'d'.repeat(120)}/manifest.json`
  await assert.rejects(through(Buffer.concat([member(long, '[]'), tarEnd]), 4096), {
    code: 'corrupt',
  })
})

test('what is no tar, or ends in the middle, is corrupt', async () => {
  await assert.rejects(through(Buffer.from('x'.repeat(1024)), 512), { code: 'corrupt' })
  await assert.rejects(through(image.subarray(0, 515), 512), { code: 'corrupt' })
})

const tagging = '[{"Config":"abc.json","RepoTags":["debian:latest"],"Layers":[]}]'

test('a list of images under another spelling of its name is not passed on as it is', async () => {
  for (const name of ['.//manifest.json', '././manifest.json', '/manifest.json']) {
    const members = membersOf(await through(Buffer.concat([member(name, tagging), tarEnd]), 4096))
    assert.equal(JSON.parse(members.get('manifest.json') ?? '')[0].RepoTags, null)
  }
  for (const name of ['a/../manifest.json', 'link/manifest.json', 'BZh91AY', '\x1f\x8b\x08']) {
    const stream = Buffer.concat([member('link', '', '.'), member(name, tagging), tarEnd])
    await assert.rejects(through(stream, 4096), { code: 'corrupt' }, name)
  }
})

test('names in any letter case are left out', async () => {
  const odd = '[{"RepoTags":[],"repotags":["debian:latest"],"Config":"abc.json"}]'
  const index = '{"manifests":[{"digest":"d","Annotations":{"n":"x"}}]}'
  const stream = Buffer.concat([member('manifest.json', odd), member('index.json', index), tarEnd])
  const text = (await through(stream, 4096)).toString()
  assert.equal(text.includes('debian:latest'), false)
  assert.equal(text.includes('nnotations'), false)
})

/** The member with some bytes of its header replaced, and a checksum that fits. */
const forged = (whole: Uint8Array, at: number, bytes: string): Buffer => {
  const tar = Buffer.from(whole)
  tar.write(bytes, at, 'latin1')
  tar.write('        ', 148)
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return tar
}

test('no member can be hidden in what an engine takes for no content', async () => {
  const hidden = member('manifest.json', tagging).toString('latin1')
  const carrier = member('abc', hidden)
  const pax = Buffer.concat([forged(member('pax', '9 size=0\n'), 156, 'x'), carrier])
  const streams = {
    'a directory with a size': forged(carrier, 156, '5'),
    'a hard link': forged(carrier, 156, '1'),
    'a sparse file': forged(carrier, 156, 'S'),
    'a number behind a zero byte': forged(carrier, 124, '\0'),
    'a size in an extension': pax,
  }
  for (const [what, stream] of Object.entries(streams)) {
    await assert.rejects(through(Buffer.concat([stream, tarEnd]), 4096), { code: 'corrupt' }, what)
  }
})
