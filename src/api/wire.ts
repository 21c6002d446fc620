import type { Duplex } from 'node:stream'
import { ArtelError, toArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import {
  createStreamDecoder,
  encodeStreamFrame,
  encodeStreamHeader,
  type ServerControl,
  type StreamFrame,
  streamFrameBytesMax,
} from '#protocol/api/stream'
import type { OutputFrame } from '#protocol/output'
import { apiErrorOf } from './error-response.ts'
import { httpStatus } from './http-status.ts'

const lingerMs = 2000

/** The client's end of an interactive stream. */
export type Wire = {
  /** Answers 101; before it errors are HTTP responses, afterwards error frames. */
  readonly accept: () => Promise<void>
  /** The next frame of the client, undefined when it left. Throws 'bad-request' for a malformed one. */
  readonly next: () => Promise<StreamFrame | undefined>
  /** Resolves when there is room for more. */
  readonly send: (event: OutputFrame | ServerControl) => Promise<void>
  readonly fail: (error: ArtelError) => Promise<void>
  readonly end: () => Promise<void>
}

export const createWire = (clock: Clock, socket: Duplex, signal: AbortSignal): Wire => {
  let accepted = false
  let ended = false
  const write = async (bytes: Uint8Array | string): Promise<void> => {
    if (ended || socket.destroyed || socket.writableEnded) return
    if (!socket.write(bytes)) await roomOrGone(socket, signal)
  }
  /** Both in one system call, without a copy of the bytes. */
  const writeTogether = async (header: Uint8Array, bytes: Uint8Array): Promise<void> => {
    if (ended || socket.destroyed || socket.writableEnded) return
    socket.cork()
    socket.write(header)
    const hasRoom = socket.write(bytes)
    socket.uncork()
    if (!hasRoom) await roomOrGone(socket, signal)
  }
  const frames = readFrames(socket)
  const send = async (event: OutputFrame | ServerControl): Promise<void> => {
    if ('type' in event) return await write(encodeStreamFrame({ kind: 'control', value: event }))
    for (let at = 0; at === 0 || at < event.bytes.length; at += streamFrameBytesMax) {
      const bytes = event.bytes.subarray(at, at + streamFrameBytesMax)
      await writeTogether(encodeStreamHeader(event.stream, bytes.length), bytes)
    }
  }
  return {
    send,
    accept: async () => {
      accepted = true
      await write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: artel-stream\r\n\r\n',
      )
    },
    next: async () => {
      const { value } = await frames.next()
      if (value instanceof ArtelError) throw value
      return value
    },
    fail: (error) =>
      accepted ? send({ type: 'error', ...apiErrorOf(error).error }) : write(rawResponse(error)),
    end: async () => {
      if (ended) return
      ended = true
      await endSocket(clock, socket, signal, accepted)
    },
  }
}

/**
 * Lets the client take all that was written, as long as it is there; then it closes first, or has a moment to.
 */
const endSocket = async (
  clock: Clock,
  socket: Duplex,
  signal: AbortSignal,
  reading: boolean,
): Promise<void> => {
  if (socket.destroyed) return
  const closed = new AbortController()
  socket.once('close', () => closed.abort())
  const flushed = new Promise<void>((resolve) => socket.end(() => resolve()))
  if (!reading) socket.resume()
  await Promise.race([flushed, aborted(AbortSignal.any([signal, closed.signal]))])
  await clock.sleep(lingerMs, closed.signal).catch(() => undefined)
  socket.destroy()
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** An error as a whole HTTP response, for sockets where nothing else writes any more. */
export const rawResponse = (error: ArtelError): string => {
  const body = JSON.stringify(apiErrorOf(error))
  const length = new TextEncoder().encode(body).length
  return `HTTP/1.1 ${httpStatus[error.code]} ${error.code}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`
}

/** Frames as they come; a malformed one becomes its error, and what follows it is passed over. */
async function* readFrames(
  socket: Duplex,
): AsyncGenerator<StreamFrame | ArtelError, undefined, undefined> {
  const decode = createStreamDecoder()
  let sound = true
  try {
    for await (const chunk of socket) {
      if (!sound) continue
      const frames = decodeOrError(decode, chunk)
      sound = !(frames instanceof ArtelError)
      if (frames instanceof ArtelError) yield frames
      else yield* frames
    }
  } catch {
    // A socket that broke off is a client that left.
  }
  return undefined
}

const decodeOrError = (
  decode: ReturnType<typeof createStreamDecoder>,
  chunk: Uint8Array,
): readonly StreamFrame[] | ArtelError => {
  try {
    return decode(chunk)
  } catch (error) {
    return toArtelError(error)
  }
}

const roomOrGone = (socket: Duplex, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
    signal.addEventListener('abort', done)
    if (signal.aborted || socket.destroyed) done()
  })
