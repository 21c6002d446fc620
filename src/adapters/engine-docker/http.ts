import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { ArtelError } from '#core/errors'
import { connectionFailure, engineRefusal } from './errors.ts'

/** Longest plain answer that is read: listings and inspections. */
const answerBytesMax = 64 * 1024 * 1024

export type Call = {
  /** Names the call in errors, such as `create web-1`. */
  readonly what: string
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean>>
  readonly body?: unknown
  readonly upload?: AsyncIterable<Uint8Array>
  /** Refusals that count as done: the wanted state holds already. */
  readonly settled?: readonly number[]
}

/** The engine's HTTP API on a local socket, with true backpressure in both directions. */
export type EngineHttp = {
  /** The parsed JSON answer, or undefined where it is empty. */
  readonly json: (call: Call, signal: AbortSignal) => Promise<unknown>
  /** The answer's body; destroy it when done. It fails when `signal` aborts. */
  readonly stream: (call: Call, signal: AbortSignal) => Promise<IncomingMessage>
  /** The raw connection behind an attach or exec; the caller destroys it. */
  readonly upgrade: (call: Call, signal: AbortSignal) => Promise<Socket>
  /** What to throw for a failure of a stream or connection given out here. */
  readonly failure: (error: unknown, signal: AbortSignal) => unknown
  /** Ends every open call and refuses new ones. */
  readonly close: () => void
}

const target = (call: Call): string => {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(call.query ?? {})) query.set(key, String(value))
  const text = query.toString()
  return text === '' ? call.path : `${call.path}?${text}`
}

const readAll = async (response: IncomingMessage, what: string): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue
    size += chunk.length
    if (size > answerBytesMax) throw new ArtelError('too-large', `${what}: answer too long`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const refusalText = (body: string): string => {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed) {
      return String(parsed.message)
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return body.trim() || 'no reason given'
}

/** Sends the body, which may be long; a source that fails breaks the request. */
const sendBody = (outgoing: ClientRequest, call: Call): void => {
  if (call.upload === undefined) {
    outgoing.end(call.body === undefined ? undefined : JSON.stringify(call.body))
    return
  }
  const source = Readable.from(call.upload, { objectMode: false })
  source.once('error', (error) => outgoing.destroy(error))
  outgoing.once('close', () => source.destroy())
  source.pipe(outgoing)
}

const headersOf = (call: Call, hijack: boolean): Record<string, string> => ({
  ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
  ...(call.upload === undefined ? {} : { 'content-type': 'application/x-tar' }),
  ...(hijack ? { connection: 'Upgrade', upgrade: 'tcp' } : {}),
})

type Opened =
  | { readonly kind: 'response'; readonly response: IncomingMessage }
  | { readonly kind: 'socket'; readonly socket: Socket }

export const createEngineHttp = (socketPath: string): EngineHttp => {
  // No kept-alive connections: one that died with the engine would fail the first call after its restart.
  const agent = new Agent({ keepAlive: false })
  const closing = new AbortController()
  const failure = (error: unknown, signal: AbortSignal): unknown =>
    connectionFailure(error, socketPath, signal)

  const open = (call: Call, hijack: boolean, signal: AbortSignal): Promise<Opened> =>
    new Promise((resolve, reject) => {
      const outgoing = request({
        socketPath,
        agent,
        method: call.method,
        path: target(call),
        headers: headersOf(call, hijack),
        signal,
      })
      outgoing.once('response', (response) => resolve({ kind: 'response', response }))
      outgoing.once('upgrade', (_response, socket, head) => {
        if (head.length > 0) socket.unshift(head)
        resolve({ kind: 'socket', socket: socket as Socket })
      })
      outgoing.on('error', reject)
      sendBody(outgoing, call)
    })

  const begin = async (call: Call, hijack: boolean, signal: AbortSignal): Promise<Opened> => {
    signal.throwIfAborted()
    if (closing.signal.aborted)
      throw new ArtelError('unavailable', 'the engine connection is closed')
    const opened = await open(call, hijack, signal)
    if (opened.kind === 'socket') return opened
    const status = opened.response.statusCode ?? 0
    // A redirection is a name that leads out of the path it was put into.
    if (status < 300 || call.settled?.includes(status) === true) return opened
    throw engineRefusal(call.what, status, refusalText(await readAll(opened.response, call.what)))
  }

  const guarded = async <T>(signal: AbortSignal, work: (both: AbortSignal) => Promise<T>) => {
    const both = AbortSignal.any([signal, closing.signal])
    try {
      return await work(both)
    } catch (error) {
      throw failure(error, both)
    }
  }

  return {
    json: (call, signal) =>
      guarded(signal, async (both) => {
        const opened = await begin(call, false, both)
        if (opened.kind === 'socket') throw new ArtelError('internal', `${call.what}: odd upgrade`)
        const text = await readAll(opened.response, call.what)
        const status = opened.response.statusCode ?? 0
        return text.trim() === '' || status >= 300 ? undefined : JSON.parse(text)
      }),
    stream: (call, signal) =>
      guarded(signal, async (both) => {
        const opened = await begin(call, false, both)
        if (opened.kind === 'response') return opened.response
        opened.socket.destroy()
        throw new ArtelError('internal', `${call.what}: odd upgrade`)
      }),
    upgrade: (call, signal) =>
      guarded(signal, async (both) => {
        const opened = await begin(call, true, both)
        if (opened.kind === 'response') {
          opened.response.destroy()
          throw new ArtelError('unsupported', `${call.what}: the engine gives no raw connection`)
        }
        const { socket } = opened
        const onAbort = (): void => void socket.destroy()
        both.addEventListener('abort', onAbort, { once: true })
        socket.once('close', () => both.removeEventListener('abort', onAbort))
        return socket
      }),
    failure,
    close: () => {
      closing.abort(new ArtelError('cancelled', 'the engine connection is closed'))
      agent.destroy()
    },
  }
}
