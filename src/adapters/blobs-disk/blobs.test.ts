import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createDiskBlobs } from './blobs.ts'

let directory = ''
const never = new AbortController().signal

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'artel-blobs-'))
})
after(() => rm(directory, { recursive: true }))

async function* chunks(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const collect = async (source: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}

test('a blob comes back byte for byte, whole and from an offset', async () => {
  const blobs = await createDiskBlobs({ directory: join(directory, 'a'), quotaBytes: 10 ** 9 })
  const bytes = randomBytes(700_001)
  const { id, sizeBytes } = await blobs.put(chunks(bytes, 64_000), 10 ** 6, never)
  assert.equal(id, createHash('sha256').update(bytes).digest('hex'))
  assert.equal(sizeBytes, bytes.length)
  assert.deepEqual(await collect(blobs.get(id, 0, never)), bytes)
  assert.deepEqual(await collect(blobs.get(id, 300_000, never)), bytes.subarray(300_000))
})

test('a stream beyond its bound or the quota leaves nothing behind', async () => {
  const where = join(directory, 'b')
  const blobs = await createDiskBlobs({ directory: where, quotaBytes: 1000 })
  await assert.rejects(blobs.put(chunks(randomBytes(500), 100), 400, never), { code: 'too-large' })
  await assert.rejects(blobs.put(chunks(randomBytes(1500), 100), 2000, never), {
    code: 'out-of-disk',
  })
  assert.deepEqual(await readdir(join(where, 'tmp')), [])
})

test('a blob that rotted on disk is refused at its end', async () => {
  const where = join(directory, 'c')
  const blobs = await createDiskBlobs({ directory: where, quotaBytes: 1000 })
  const { id } = await blobs.put(chunks(randomBytes(100), 10), 100, never)
  await writeFile(join(where, id.slice(0, 2), id), 'something else')
  await assert.rejects(collect(blobs.get(id, 0, never)), { code: 'corrupt' })
})

test('a removed blob frees its share of the quota', async () => {
  const blobs = await createDiskBlobs({ directory: join(directory, 'd'), quotaBytes: 100 })
  const { id } = await blobs.put(chunks(randomBytes(90), 10), 100, never)
  await blobs.remove(id)
  await blobs.remove(id)
  assert.equal(await blobs.size(id), undefined)
  await blobs.put(chunks(randomBytes(95), 10), 100, never)
})
