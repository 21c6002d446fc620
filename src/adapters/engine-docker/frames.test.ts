import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ArtelError } from '#core/errors'
import { splitFrames } from './frames.ts'

const frame = (kind: number, payload: Uint8Array): Buffer => {
  const header = Buffer.alloc(8)
  header[0] = kind
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

test('output comes out whole and in order however the connection cuts it', async () => {
  const part = fc.record({ kind: fc.constantFrom(1, 2), payload: fc.uint8Array({ maxLength: 40 }) })
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 12 }), sizes, async (parts, cuts) => {
      const wire = Buffer.concat(parts.map(({ kind, payload }) => frame(kind, payload)))
      const said = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] }
      for await (const { stream, bytes } of splitFrames(cut(wire, cuts))) said[stream].push(bytes)
      for (const [kind, stream] of [
        [1, 'stdout'],
        [2, 'stderr'],
      ] as const) {
        const wanted = parts.filter((one) => one.kind === kind).map((one) => one.payload)
        assert.deepEqual(Buffer.concat(said[stream]), Buffer.concat(wanted))
      }
    }),
  )
})

test('an end inside a frame is an interruption, not an end of output', async () => {
  const wire = frame(1, Buffer.from('hello')).subarray(0, 10)
  const read = async (): Promise<void> => {
    for await (const chunk of splitFrames(cut(wire, [3]))) assert.equal(chunk.stream, 'stdout')
  }
  await assert.rejects(read, (error) => error instanceof ArtelError && error.code === 'interrupted')
})
