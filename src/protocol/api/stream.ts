import { ArtelError } from '#core/errors'
import type { RunExit } from '#core/run'
import type { ExecCreateInput } from './runs.ts'

/**
 * The interactive streams of the API (attach, exec): after `101 Switching Protocols` to `artel-stream` both
 * sides send frames: kind (1 byte), length (uint32, big-endian), bytes.
 */
export const streamKinds = { stdin: 0, stdout: 1, stderr: 2, control: 3 } as const
export const streamHeaderBytes = 5
export const streamFrameBytesMax = 1024 * 1024

/**
 * Client to server. `exec` is the first frame of an exec stream and says what to start; `stdin-end` closes the
 * program's standard input.
 */
export type ClientControl =
  | { readonly type: 'exec'; readonly request: ExecCreateInput }
  | { readonly type: 'stdin-end' }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number }

/** Server to client. `exit` is the last frame. */
export type ServerControl =
  /** For the person: stands on stderr, such as "host lost, started again on ...". */
  | { readonly type: 'notice'; readonly message: string }
  | {
      readonly type: 'progress'
      readonly what: string
      readonly doneBytes: number
      readonly totalBytes: number
    }
  | { readonly type: 'started' }
  | { readonly type: 'exit'; readonly exit: RunExit }
  | {
      readonly type: 'error'
      readonly code: string
      readonly message: string
      readonly hint?: string
    }

export type StreamFrame =
  | { readonly kind: 'stdin' | 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | { readonly kind: 'control'; readonly value: unknown }

const names = ['stdin', 'stdout', 'stderr', 'control'] as const

/** What stands before the `length` bytes of a frame. */
export const encodeStreamHeader = (kind: StreamFrame['kind'], length: number): Uint8Array => {
  const header = new Uint8Array(streamHeaderBytes)
  const view = new DataView(header.buffer)
  view.setUint8(0, streamKinds[kind])
  view.setUint32(1, length)
  return header
}

export const encodeStreamFrame = (frame: StreamFrame): Uint8Array => {
  const body =
    frame.kind === 'control' ? new TextEncoder().encode(JSON.stringify(frame.value)) : frame.bytes
  const bytes = new Uint8Array(streamHeaderBytes + body.length)
  bytes.set(encodeStreamHeader(frame.kind, body.length))
  bytes.set(body, streamHeaderBytes)
  return bytes
}

/** Decodes frames from bytes in any split; holds at most one frame. Throws 'bad-request' on garbage. */
export const createStreamDecoder = (): ((bytes: Uint8Array) => readonly StreamFrame[]) => {
  let rest: Uint8Array = new Uint8Array(0)
  return (bytes) => {
    const all = new Uint8Array(rest.length + bytes.length)
    all.set(rest)
    all.set(bytes, rest.length)
    const view = new DataView(all.buffer)
    const frames: StreamFrame[] = []
    let at = 0
    while (all.length - at >= streamHeaderBytes) {
      const name = names[view.getUint8(at)]
      const length = view.getUint32(at + 1)
      if (name === undefined || length > streamFrameBytesMax) {
        throw new ArtelError('bad-request', 'a stream frame has a bad header')
      }
      if (all.length - at < streamHeaderBytes + length) break
      const body = all.subarray(at + streamHeaderBytes, at + streamHeaderBytes + length)
      frames.push(name === 'control' ? parseControl(body) : { kind: name, bytes: body })
      at += streamHeaderBytes + length
    }
    rest = all.slice(at)
    return frames
  }
}

const parseControl = (body: Uint8Array): StreamFrame => {
  try {
    return { kind: 'control', value: JSON.parse(new TextDecoder().decode(body)) }
  } catch (cause) {
    throw new ArtelError('bad-request', 'a control frame is no JSON', { cause })
  }
}
