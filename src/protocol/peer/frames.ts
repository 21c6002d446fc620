import { ArtelError } from '#core/errors'

/**
 * Frames of a call's stream, one direction: a header of 5 bytes (length as uint32, big-endian; kind as uint8),
 * then as many bytes. Data frames have no boundaries that mean anything; an empty one is a keep-alive.
 */
export type Frame =
  | { readonly kind: 'head' | 'control' | 'error'; readonly json: Uint8Array }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }

type FrameKind = Frame['kind']

const kinds: readonly FrameKind[] = ['head', 'data', 'control', 'end', 'error']
export const frameHeaderBytes = 5

/** The longest payload of each kind; a head's depends on the route. */
export const dataBytesMax = 256 * 1024
export const controlBytesMax = 64 * 1024
export const errorBytesMax = 16 * 1024

const encode = (kind: FrameKind, payload: Uint8Array): Uint8Array => {
  const frame = new Uint8Array(frameHeaderBytes + payload.length)
  const view = new DataView(frame.buffer)
  view.setUint32(0, payload.length)
  view.setUint8(4, kinds.indexOf(kind))
  frame.set(payload, frameHeaderBytes)
  return frame
}

const nothing = new Uint8Array(0)

/** One frame; data of more than `dataBytesMax` go into several. Throws 'too-large' for other kinds. */
export const encodeFrame = (frame: Exclude<Frame, { kind: 'data' }>): Uint8Array =>
  encode(frame.kind, frame.kind === 'end' ? nothing : frame.json)

/** The frames of `bytes`, one after the other, none for no bytes. */
export const encodeData = (bytes: Uint8Array): readonly Uint8Array[] => {
  const frames: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += dataBytesMax) {
    frames.push(encode('data', bytes.subarray(at, at + dataBytesMax)))
  }
  return frames
}

export const keepAliveFrame = (): Uint8Array => encode('data', nothing)

export type FrameDecoder = {
  /** The frames that `bytes` complete. Throws 'bad-request', at once and for ever after, on bytes that are no frames. */
  readonly push: (bytes: Uint8Array) => readonly Frame[]
  /** Whether all that was pushed made whole frames. */
  readonly isAtBoundary: () => boolean
}

type Payload = { readonly kind: FrameKind; readonly length: number; readonly bytes: Uint8Array }

const finished = ({ kind, bytes }: Payload): Frame => {
  if (kind === 'end') return { kind }
  return kind === 'data' ? { kind, bytes } : { kind, json: bytes }
}

/**
 * An incremental decoder: bytes in any split give the same frames, but for data, which are handed on as they
 * come. Holds at most one frame's payload of at most `headBytesMax` or this file's limits.
 */
export const createFrameDecoder = (headBytesMax: number): FrameDecoder => {
  const limits: Readonly<Record<FrameKind, number>> = {
    head: headBytesMax,
    data: dataBytesMax,
    control: controlBytesMax,
    end: 0,
    error: errorBytesMax,
  }
  const header = new Uint8Array(frameHeaderBytes)
  let headerLength = 0
  let current: Payload | undefined
  let filled = 0
  let failure: ArtelError | undefined

  const fail = (message: string): never => {
    failure = new ArtelError('bad-request', message)
    current = undefined
    throw failure
  }
  const readHeader = (): Payload => {
    headerLength = 0
    filled = 0
    const view = new DataView(header.buffer)
    const length = view.getUint32(0)
    const kind = kinds[view.getUint8(4)]
    if (kind === undefined) return fail(`frame of unknown kind ${view.getUint8(4)}`)
    if (length > limits[kind]) {
      return fail(`${kind} frame of ${length} bytes, at most ${limits[kind]} are allowed`)
    }
    return { kind, length, bytes: kind === 'data' ? nothing : new Uint8Array(length) }
  }
  /** Takes from `bytes` what belongs to the current payload; returns the frame that it gives, if any. */
  const take = (payload: Payload, bytes: Uint8Array): Frame | undefined => {
    filled += bytes.length
    if (filled === payload.length) current = undefined
    if (payload.kind === 'data') return bytes.length > 0 ? { kind: 'data', bytes } : undefined
    payload.bytes.set(bytes, filled - bytes.length)
    return current === undefined ? finished(payload) : undefined
  }
  const push = (bytes: Uint8Array): readonly Frame[] => {
    if (failure !== undefined) throw failure
    const frames: Frame[] = []
    let at = 0
    while (at < bytes.length) {
      if (current === undefined) {
        const part = bytes.subarray(at, at + frameHeaderBytes - headerLength)
        header.set(part, headerLength)
        headerLength += part.length
        at += part.length
        if (headerLength < frameHeaderBytes) break
        current = readHeader()
      }
      const part = bytes.subarray(at, at + current.length - filled)
      at += part.length
      const frame = take(current, part)
      if (frame !== undefined) frames.push(frame)
    }
    return frames
  }
  return { push, isAtBoundary: () => current === undefined && headerLength === 0 }
}
