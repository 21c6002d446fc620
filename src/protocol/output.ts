import { ArtelError } from '#core/errors'

/**
 * Output frames: what a container said, in order. A frame is a header of 13 bytes, big-endian: stream (1 =
 * stdout, 2 = stderr), wall time in milliseconds (uint64), length (uint32); then the bytes.
 */
export type OutputFrame = {
  readonly stream: 'stdout' | 'stderr'
  readonly atMs: number
  readonly bytes: Uint8Array
}

export const outputHeaderBytes = 13
export const outputFrameBytesMax = 256 * 1024

export const encodeOutputFrame = (frame: OutputFrame): Uint8Array => {
  const bytes = new Uint8Array(outputHeaderBytes + frame.bytes.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, frame.stream === 'stdout' ? 1 : 2)
  view.setBigUint64(1, BigInt(Math.trunc(frame.atMs)))
  view.setUint32(9, frame.bytes.length)
  bytes.set(frame.bytes, outputHeaderBytes)
  return bytes
}

const concat = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  if (a.length === 0) return b
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

/** How long the frame that begins at `at` is, or undefined where its header is not complete. */
const frameLengthAt = (bytes: Uint8Array, at: number): number | undefined => {
  if (bytes.length - at < outputHeaderBytes) return
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, outputHeaderBytes)
  const kind = view.getUint8(0)
  const length = view.getUint32(9)
  if ((kind !== 1 && kind !== 2) || length > outputFrameBytesMax) {
    throw new ArtelError('corrupt', 'output frame with a bad header')
  }
  return outputHeaderBytes + length
}

const frameAt = (bytes: Uint8Array, at: number, length: number): OutputFrame => ({
  stream: bytes[at] === 1 ? 'stdout' : 'stderr',
  atMs: Number(new DataView(bytes.buffer, bytes.byteOffset + at + 1, 8).getBigUint64(0)),
  bytes: bytes.subarray(at + outputHeaderBytes, at + length),
})

/**
 * Cuts bytes, fed in any split, where frames end: gives those that are whole as they came, perhaps none. Holds
 * at most one frame. Throws ArtelError 'corrupt' on a bad header.
 */
export const createOutputSplitter = (): ((bytes: Uint8Array) => Uint8Array) => {
  let rest: Uint8Array = new Uint8Array(0)
  return (bytes) => {
    const all = concat(rest, bytes)
    let end = 0
    for (;;) {
      const length = frameLengthAt(all, end)
      if (length === undefined || end + length > all.length) break
      end += length
    }
    rest = all.slice(end)
    return all.subarray(0, end)
  }
}

/**
 * An incremental decoder: feed it bytes in any split, take frames. Holds at most one frame and a chunk.
 * Throws ArtelError 'corrupt' on a bad header.
 */
export const createOutputDecoder = (): {
  readonly push: (bytes: Uint8Array) => readonly OutputFrame[]
  /** Bytes of an unfinished frame. */
  readonly pendingBytes: () => number
} => {
  let rest: Uint8Array = new Uint8Array(0)
  return {
    pendingBytes: () => rest.length,
    push: (bytes) => {
      const all = concat(rest, bytes)
      const frames: OutputFrame[] = []
      let at = 0
      for (;;) {
        const length = frameLengthAt(all, at)
        if (length === undefined || at + length > all.length) break
        frames.push(frameAt(all, at, length))
        at += length
      }
      rest = all.slice(at)
      return frames
    },
  }
}
