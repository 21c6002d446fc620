import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryBlobs } from './blobs.ts'

const open = new AbortController().signal
const bytes = Uint8Array.from({ length: 150_000 }, (_, index) => index % 251)

async function* chunks(size: number): AsyncIterable<Uint8Array> {
  const buffer = new Uint8Array(size)
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size)
    buffer.set(part)
    yield buffer.subarray(0, part.length)
  }
}

const collect = async (source: AsyncIterable<Uint8Array>) => {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Uint8Array.from(Buffer.concat(parts))
}

test('a blob is named by its hash and comes back whole and from an offset', async () => {
  const blobs = createMemoryBlobs()
  const { id, sizeBytes } = await blobs.put(chunks(7000), 200_000, open)
  assert.equal(id, createHash('sha256').update(bytes).digest('hex'))
  assert.equal(sizeBytes, bytes.length)
  assert.deepEqual(await collect(blobs.get(id, 0, open)), bytes)
  assert.deepEqual(await collect(blobs.get(id, 100_000, open)), bytes.slice(100_000))
})

test('the same content twice counts once, and removing it frees the quota', async () => {
  const blobs = createMemoryBlobs(bytes.length)
  const { id } = await blobs.put(chunks(7000), 200_000, open)
  await blobs.put(chunks(999), 200_000, open)
  assert.equal(blobs.usedBytes(), bytes.length)
  await blobs.remove(id)
  await blobs.remove(id)
  assert.equal(blobs.usedBytes(), 0)
  assert.equal(await blobs.size(id), undefined)
  await assert.rejects(collect(blobs.get(id, 0, open)), { code: 'not-found' })
})

test('a stream beyond its bound or the quota leaves nothing behind', async () => {
  const blobs = createMemoryBlobs(1000)
  await assert.rejects(blobs.put(chunks(7000), 100_000, open), { code: 'too-large' })
  await assert.rejects(blobs.put(chunks(7000), 200_000, open), { code: 'out-of-disk' })
  assert.equal(blobs.usedBytes(), 0)
})
