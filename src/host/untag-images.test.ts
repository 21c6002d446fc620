import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeTarHeader, tarEnd, tarPadding } from '#core/tar-header'
import { parseTarHeader } from './parse-tar-header.ts'
import { untagImages } from './untag-images.ts'

const member = (name: string, text: string, linkname?: string): Uint8Array => {
  const bytes = Buffer.from(text)
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
