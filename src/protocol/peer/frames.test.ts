import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ArtelError } from '#core/errors'
import {
  controlBytesMax,
  createFrameDecoder,
  dataBytesMax,
  encodeData,
  encodeFrame,
  type Frame,
  keepAliveFrame,
} from './frames.ts'

const headBytesMax = 1024

/** `bytes` cut at the given places. */
const split = (bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] => {
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), 0, bytes.length]
  places.sort((a, b) => a - b)
  return places.slice(1).map((end, index) => bytes.subarray(places[index] ?? 0, end))
}

const decode = (chunks: readonly Uint8Array[]) => {
  const decoder = createFrameDecoder(headBytesMax)
  const frames = chunks.flatMap((chunk) => decoder.push(chunk))
  return { frames, whole: decoder.isAtBoundary() }
}

/** Frames as text, neighbouring data joined: what does not depend on the split. */
const told = (frames: readonly Frame[]): readonly string[] => {
  const lines: string[] = []
  for (const frame of frames) {
    const payload =
      frame.kind === 'end' ? new Uint8Array() : frame.kind === 'data' ? frame.bytes : frame.json
    const hex = Buffer.from(payload).toString('hex')
    const last = lines.at(-1)
    if (frame.kind === 'data' && last?.startsWith('data ')) lines[lines.length - 1] = last + hex
    else lines.push(`${frame.kind} ${hex}`)
  }
  return lines
}

const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('head' as const, 'control' as const, 'error' as const),
    json: fc.uint8Array({ maxLength: 200 }),
  }),
  fc.record({
    kind: fc.constant('data' as const),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 400 }),
  }),
  fc.constant({ kind: 'end' as const }),
)

const encoded = (frames: readonly Frame[]): Uint8Array =>
  Buffer.concat(
    frames.flatMap((one) => (one.kind === 'data' ? encodeData(one.bytes) : [encodeFrame(one)])),
  )

test('frames in any split decode to what was encoded', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (frames, cuts) => {
        const decoded = decode(split(encoded(frames), cuts))
        assert.deepEqual(told(decoded.frames), told(frames))
        assert.ok(decoded.whole)
      },
    ),
  )
})

test('garbage gives frames or one bad-request, whatever the split', () => {
  const outcome = (chunks: readonly Uint8Array[]) => {
    const decoder = createFrameDecoder(headBytesMax)
    const frames: Frame[] = []
    try {
      for (const chunk of chunks) frames.push(...decoder.push(chunk))
      return 'frames'
    } catch (error) {
      assert.ok(error instanceof ArtelError && error.code === 'bad-request')
      assert.throws(() => decoder.push(new Uint8Array(1)), error)
      return error.message
    }
  }
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 600 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (bytes, cuts) => {
        assert.equal(outcome(split(bytes, cuts)), outcome([bytes]))
      },
    ),
  )
})

test('a frame above the limit of its kind is refused at its header', () => {
  const header = (length: number, kind: number) => {
    const bytes = new Uint8Array(5)
    new DataView(bytes.buffer).setUint32(0, length)
    bytes[4] = kind
    return bytes
  }
  const limits = [headBytesMax, dataBytesMax, controlBytesMax, 0]
  for (const [kind, limit] of limits.entries()) {
    createFrameDecoder(headBytesMax).push(header(limit, kind))
    assert.throws(() => createFrameDecoder(headBytesMax).push(header(limit + 1, kind)), ArtelError)
  }
})

test('large data go into several frames and a keep-alive into none', () => {
  const bytes = new Uint8Array(dataBytesMax * 2 + 1).fill(7)
  assert.equal(encodeData(bytes).length, 3)
  assert.deepEqual(encodeData(new Uint8Array()), [])
  assert.deepEqual(decode([keepAliveFrame()]), { frames: [], whole: true })
})

test('a stream that breaks off inside a frame is not at a boundary', () => {
  assert.equal(
    decode([encodeData(new Uint8Array(10))[0]?.subarray(0, 8) ?? new Uint8Array()]).whole,
    false,
  )
  assert.equal(decode([Uint8Array.of(0, 0)]).whole, false)
})
