import { readFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ArtelError } from '#core/errors'
import type { Transport, TransportRequest, TransportResponse } from '#sdk/transport'

/** The unix socket of the node whose folder is `home`. */
export const socketPathOf = (home: string): string => join(home, 'artel.sock')

type Where = { readonly options: RequestOptions; readonly name: string }

/**
 * Reaches a node through the unix socket in its home, or at `host` (`http://127.0.0.1:port`) with the token in
 * ARTEL_TOKEN_FILE or the home's `api-token`.
 */
export const createHttpTransport = async ({
  home,
  host,
}: {
  readonly home: string
  readonly host: string | undefined
}): Promise<Transport> => {
  const where = host === undefined || host === '' ? local(home) : await remote(home, host)
  return {
    request: (request) => send(where, request),
    upgrade: (path, signal) =>
      new Promise((resolve, reject) => {
        const headers = { connection: 'Upgrade', upgrade: 'artel-stream', 'content-length': 0 }
        const request = httpRequest({ ...merge(where, headers), path, method: 'POST', signal })
        request.on('error', (error) => reject(unreachable(where, error)))
        request.on('response', (response) => {
          resolve({ kind: 'refused', status: response.statusCode ?? 0, body: response })
        })
        request.on('upgrade', (_, socket, head) => {
          resolve({ kind: 'stream', stream: streamOf(socket, head) })
        })
        request.end()
      }),
  }
}

const local = (home: string): Where => {
  const socketPath = socketPathOf(home)
  return { options: { socketPath, headers: { host: 'artel' } }, name: `unix://${socketPath}` }
}

const remote = async (home: string, host: string): Promise<Where> => {
  const url = URL.canParse(host) ? new URL(host) : undefined
  if (url === undefined || url.protocol !== 'http:') {
    throw new ArtelError('bad-request', `ARTEL_HOST is "${host}", expected http://127.0.0.1:PORT`)
  }
  const file = process.env.ARTEL_TOKEN_FILE ?? join(home, 'api-token')
  const token = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new ArtelError('unauthorized', `cannot read the token: ${cause.message}`, {
      cause,
      hint: 'ARTEL_TOKEN_FILE names the file with the token of that node.',
    })
  })
  const headers = { authorization: `Bearer ${token.trim()}` }
  return { options: { hostname: url.hostname, port: url.port, headers }, name: host }
}

const merge = ({ options }: Where, headers: Record<string, string | number>): RequestOptions => ({
  ...options,
  agent: false,
  headers: { ...options.headers, ...headers },
})

const send = (
  where: Where,
  { method, path, headers, body, signal }: TransportRequest,
): Promise<TransportResponse> =>
  new Promise((resolve, reject) => {
    const options = { ...merge(where, headers), method, path, ...(signal && { signal }) }
    const request = httpRequest(options, (response) => {
      resolve({ status: response.statusCode ?? 0, body: readBody(where, response) })
    })
    request.on('error', (error) => reject(unreachable(where, error)))
    if (body === undefined || typeof body === 'string') {
      request.end(body)
      return
    }
    // The error of reading the source counts; one of sending is told by the request itself.
    pipeline(body, request).catch((error) => reject(unreachable(where, error)))
  })

async function* readBody(where: Where, response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* response
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'AbortError') throw cause
    throw new ArtelError('unavailable', `the answer of ${where.name} broke off`, {
      cause,
      hint: "See 'artel status'; the log of the node says why.",
    })
  }
}

const streamOf = (socket: Duplex, head: Uint8Array) => {
  socket.on('error', () => socket.destroy())
  if (head.length > 0) socket.unshift(head)
  return {
    incoming: untilGone(socket),
    write: (bytes: Uint8Array) =>
      new Promise<void>((resolve) => {
        if (socket.destroyed || socket.writableEnded || socket.write(bytes)) return resolve()
        const done = () => {
          socket.off('drain', done)
          socket.off('close', done)
          resolve()
        }
        socket.on('drain', done)
        socket.on('close', done)
      }),
    close: () => void socket.destroy(),
  }
}

async function* untilGone(socket: Duplex): AsyncGenerator<Uint8Array> {
  try {
    yield* socket
  } catch {
    // The session tells that the stream broke off when its last frame is missing.
  }
}

const unreachable = (where: Where, cause: Error & { readonly code?: string }): Error => {
  if (cause instanceof ArtelError || cause.name === 'AbortError') return cause
  if (cause.code === 'EACCES') {
    return new ArtelError(
      'unauthorized',
      `may not open ${where.name}: it belongs to another user`,
      {
        cause,
      },
    )
  }
  if (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED') {
    return new ArtelError(
      'unavailable',
      `cannot connect to the Artel daemon at ${where.name}. Is it running?`,
      {
        cause,
        hint: "Start it with 'artel up', or a whole cloud on this machine with 'artel local up --hosts 3'.",
      },
    )
  }
  return new ArtelError('unavailable', `lost the Artel daemon at ${where.name}: ${cause.message}`, {
    cause,
  })
}
