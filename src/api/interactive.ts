import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ArtelError, toArtelError } from '#core/errors'
import { clientControlSchema } from '#protocol/api/requests'
import {
  createStreamDecoder,
  encodeStreamFrame,
  type ServerControl,
  type StreamFrame,
  streamFrameBytesMax,
} from '#protocol/api/stream'
import type { OutputFrame } from '#protocol/output'
import type { Api } from './create-api.ts'
import { apiErrorOf } from './error-response.ts'
import { httpStatus } from './http-status.ts'
import { parse } from './parse.ts'
import type { RunSession } from './services.ts'

const firstFrameMs = 10_000
const keepAliveMs = 15_000
const lingerMs = 2000

/**
 * Serves one attach or exec: from the request to upgrade until the program or the client is gone. Bytes wait on
 * both sides for whoever is slower. Every few seconds an empty frame finds out clients that vanished.
 */
export const serveInteractive = async (
  api: Api,
  request: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
): Promise<void> => {
  const left = new AbortController()
  const leave = () => left.abort(new ArtelError('cancelled', 'the client went away'))
  socket.on('error', leave)
  socket.on('close', leave)
  const signal = AbortSignal.any([left.signal, api.stopping])
  if (head.length > 0) socket.unshift(head)
  const wire = createWire(api, socket, signal)
  try {
    const asked = readTarget(request)
    api.services.runs.get(asked.name)
    const session = await openSession(api, asked, wire, signal)
    try {
      await pump(api, session, wire, signal)
    } finally {
      await session.close()
    }
  } catch (error) {
    await wire.fail(toArtelError(error))
  } finally {
    await wire.end()
  }
}

type Target = { readonly name: string; readonly verb: 'attach' | 'exec' }

const readTarget = (request: IncomingMessage): Target => {
  const path = (request.url ?? '').split('?')[0] ?? ''
  const match = /^\/v1\/runs\/([^/]{1,768})\/(attach|exec)$/.exec(path)
  if (match === null || request.method !== 'POST') {
    throw new ArtelError('not-found', `no route ${request.method} ${path.slice(0, 200)} to upgrade`)
  }
  if (request.headers.upgrade?.toLowerCase() !== 'artel-stream') {
    throw new ArtelError('bad-request', 'header Upgrade: expected artel-stream')
  }
  const name = decodeName(match[1] ?? '')
  return { name, verb: match[2] === 'exec' ? 'exec' : 'attach' }
}

const decodeName = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new ArtelError('bad-request', 'path: the name is no valid text', { cause })
  }
}

const openSession = async (
  api: Api,
  { name, verb }: Target,
  wire: Wire,
  signal: AbortSignal,
): Promise<RunSession> => {
  const { runs } = api.services
  if (verb === 'attach') {
    const session = await runs.attach(name, signal)
    await wire.accept()
    return session
  }
  await wire.accept()
  const first = await api.clock.within(firstFrameMs, signal, 'the first frame', () => wire.next())
  const control = first?.kind === 'control' ? parseControl(first.value) : undefined
  if (control?.type !== 'exec') {
    throw new ArtelError('bad-request', 'the first frame of an exec says what to start')
  }
  return await runs.exec(name, control.request, signal)
}

const parseControl = (value: unknown) => parse(clientControlSchema, value, 'control frame')

const pump = async (
  api: Api,
  session: RunSession,
  wire: Wire,
  signal: AbortSignal,
): Promise<void> => {
  const ended = new AbortController()
  const end = () => ended.abort()
  const closing = () => void session.close().catch((error) => api.log.debug(String(error)))
  signal.addEventListener('abort', closing, { once: true })
  const output = pumpOut(session, wire).finally(end)
  const input = pumpIn(session, wire, AbortSignal.any([signal, ended.signal])).then(
    () => (ended.signal.aborted ? undefined : session.close()),
    async (error) => {
      if (ended.signal.aborted || signal.aborted) return
      await wire.fail(toArtelError(error))
      await session.close()
      // What is still on its way must be read, or closing would cut the error off.
      while ((await wire.next()) !== undefined);
    },
  )
  const beat = keepAlive(api, wire, AbortSignal.any([signal, ended.signal]))
  try {
    await output
  } finally {
    signal.removeEventListener('abort', closing)
    await wire.end()
    await Promise.all([input, beat])
  }
}

const pumpOut = async (session: RunSession, wire: Wire): Promise<void> => {
  for await (const event of session.events) await wire.send(event)
}

/** A program that does not want its input any more (it ended, or closed it) gets no further bytes. */
const pumpIn = async (session: RunSession, wire: Wire, signal: AbortSignal): Promise<void> => {
  let open = true
  for (let frame = await wire.next(); frame !== undefined; frame = await wire.next()) {
    if (frame.kind === 'stdin') {
      if (open) open = await session.write(frame.bytes, signal).then(isTrue, isFalse)
      continue
    }
    if (frame.kind !== 'control') {
      throw new ArtelError('bad-request', 'a client sends stdin and control frames only')
    }
    const control = parseControl(frame.value)
    if (control.type === 'resize') await session.resize(control.columns, control.rows)
    else if (control.type === 'stdin-end') await session.endInput()
    else throw new ArtelError('bad-request', 'a stream starts one program only')
  }
}

const isTrue = (): boolean => true
const isFalse = (): boolean => false

const keepAlive = async (api: Api, wire: Wire, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    const woken = await api.clock.sleep(keepAliveMs, signal).then(isTrue, isFalse)
    if (woken) await wire.send({ stream: 'stderr', atMs: 0, bytes: new Uint8Array(0) })
  }
}

type Wire = {
  /** Answers 101; before it errors are HTTP responses, afterwards error frames. */
  readonly accept: () => Promise<void>
  /** The next frame of the client, undefined when it left. Throws 'bad-request' for a malformed one. */
  readonly next: () => Promise<StreamFrame | undefined>
  /** Resolves when there is room for more. */
  readonly send: (event: OutputFrame | ServerControl) => Promise<void>
  readonly fail: (error: ArtelError) => Promise<void>
  readonly end: () => Promise<void>
}

const createWire = (api: Api, socket: Duplex, signal: AbortSignal): Wire => {
  let accepted = false
  let ended = false
  const write = async (bytes: Uint8Array | string): Promise<void> => {
    if (ended || socket.destroyed || socket.writableEnded) return
    if (!socket.write(bytes)) await roomOrGone(socket, signal)
  }
  const frames = readFrames(socket)
  const send = async (event: OutputFrame | ServerControl): Promise<void> => {
    if ('type' in event) return await write(encodeStreamFrame({ kind: 'control', value: event }))
    for (let at = 0; at === 0 || at < event.bytes.length; at += streamFrameBytesMax) {
      const bytes = event.bytes.subarray(at, at + streamFrameBytesMax)
      await write(encodeStreamFrame({ kind: event.stream, bytes }))
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
      await endSocket(api, socket, accepted)
    },
  }
}

/** Lets the client read all before the connection goes: it closes first, or has a moment to. */
const endSocket = async (api: Api, socket: Duplex, reading: boolean): Promise<void> => {
  if (socket.destroyed) return
  const closed = new AbortController()
  socket.once('close', () => closed.abort())
  socket.end()
  if (!reading) socket.resume()
  await api.clock.sleep(lingerMs, closed.signal).catch(() => undefined)
  socket.destroy()
}

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
