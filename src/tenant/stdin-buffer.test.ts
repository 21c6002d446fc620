import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createStdinBuffer } from './stdin-buffer.ts'

const never = new AbortController().signal
const mib = 1024 * 1024

const gather = async (source: AsyncIterable<Uint8Array>): Promise<number[]> => {
  const bytes: number[] = []
  for await (const piece of source) bytes.push(...piece)
  return bytes
}

test('what is written is read from any offset, in any split', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 9 })), fc.nat(), async (pieces, nth) => {
      const buffer = createStdinBuffer(false)
      for (const piece of pieces) await buffer.write(piece, never)
      buffer.end()
      const all = pieces.flatMap((piece) => [...piece])
      const offset = nth % (all.length + 1)
      assert.deepEqual(await gather(buffer.read(offset, never)), all.slice(offset))
    }),
  )
})

test('a reader waits for what is typed later', async () => {
  const buffer = createStdinBuffer(false)
  const reading = gather(buffer.read(0, never))
  await buffer.write(Uint8Array.of(1), never)
  await buffer.write(Uint8Array.of(2), never)
  buffer.end()
  assert.deepEqual(await reading, [1, 2])
})

test('a writer waits while the host has not confirmed, and the beginning is then forgotten', async () => {
  const buffer = createStdinBuffer(false)
  await buffer.write(new Uint8Array(mib), never)
  assert.ok(buffer.full() && buffer.replayable())
  let written = false
  const writing = buffer.write(Uint8Array.of(1), never).then(() => {
    written = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(written, false)
  buffer.confirm(mib)
  await writing
  assert.ok(written && !buffer.replayable())
  await assert.rejects(gather(buffer.read(0, never)), { code: 'conflict' })
})

test('a short input can be typed again although the host has confirmed it', async () => {
  const buffer = createStdinBuffer(false)
  await buffer.write(Uint8Array.of(1, 2), never)
  buffer.confirm(2)
  buffer.end()
  assert.ok(buffer.replayable())
  assert.deepEqual(await gather(buffer.read(0, never)), [1, 2])
})

test('writing after the end is refused, and aborting ends a wait', async () => {
  const buffer = createStdinBuffer(false)
  const left = new AbortController()
  const reading = gather(buffer.read(0, left.signal))
  left.abort(new Error('left'))
  await assert.rejects(reading, /left/)
  buffer.end()
  await assert.rejects(buffer.write(Uint8Array.of(1), never), { code: 'conflict' })
})
