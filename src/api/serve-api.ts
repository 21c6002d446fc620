import { chmod } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { ArtelError } from '#core/errors'
import { claimSocketPath } from './claim-socket-path.ts'
import type { Api } from './create-api.ts'
import { type Door, refusalAtDoor } from './door.ts'
import { errorResponse } from './error-response.ts'
import { serveInteractive } from './interactive.ts'
import { rawResponse } from './wire.ts'

export type ServeOptions = {
  /** Where the unix socket stands, mode 0600. */
  readonly socketPath: string
  /** Also 127.0.0.1:port (0 takes a free one), for who sends the token. */
  readonly tcp?: { readonly port: number; readonly token: string }
}

export type ServedApi = {
  readonly socketPath: string
  readonly port: number | undefined
  /** Closes the doors, ends what is open, waits for it. */
  readonly stop: () => Promise<void>
}

const connectionsMax = 1024
const headersMs = 10_000

/**
 * Serves the API on its doors. Throws 'conflict' when a daemon listens on the socket or the port is in use; a
 * socket that nobody listens on any more is replaced.
 */
export const serveApi = async (api: Api, options: ServeOptions): Promise<ServedApi> => {
  const { socketPath, tcp } = options
  await claimSocketPath(socketPath)
  const local = createDoor(api, { kind: 'socket' })
  const before = process.umask(0o177)
  const listening = listen(local.server, { path: socketPath }, socketPath)
  process.umask(before)
  await listening
  await chmod(socketPath, 0o600)
  const doors = [local]
  if (tcp !== undefined) {
    const door = createDoor(api, { kind: 'port', token: tcp.token })
    doors.push(door)
    await listen(door.server, { host: '127.0.0.1', port: tcp.port }, `127.0.0.1:${tcp.port}`).catch(
      async (error: unknown) => {
        await local.stop()
        throw error
      },
    )
  }
  const address = doors[1]?.server.address()
  return {
    socketPath,
    port: typeof address === 'object' && address !== null ? address.port : undefined,
    stop: async () => {
      const closed = doors.map((door) => door.stop())
      await api.stop()
      for (const door of doors) door.server.closeAllConnections()
      await Promise.all(closed)
    },
  }
}

type OpenDoor = { readonly server: Server; readonly stop: () => Promise<void> }

const createDoor = (api: Api, door: Door): OpenDoor => {
  const streams = new Set<Promise<void>>()
  const listener = getRequestListener(
    (request) => {
      const headers = request.headers
      const refusal = refusalAtDoor(door, {
        host: headers.get('host') ?? undefined,
        authorization: headers.get('authorization') ?? undefined,
      })
      return refusal === undefined ? api.fetch(request) : errorResponse(refusal)
    },
    {
      overrideGlobalObjects: false,
      errorHandler: (cause) =>
        errorResponse(new ArtelError('bad-request', 'a malformed request', { cause })),
    },
  )
  const server = createServer(
    { headersTimeout: headersMs, requestTimeout: 0, keepAliveTimeout: 5000 },
    (request, response) => {
      listener(request, response).catch((error) => {
        api.log.warn('an answer could not be sent', { error: String(error) })
        response.destroy()
      })
    },
  )
  server.maxConnections = connectionsMax
  server.on('clientError', answerGarbage)
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    const { host, authorization } = request.headers
    const refusal = refusalAtDoor(door, { host, authorization })
    if (refusal !== undefined) return socket.end(rawResponse(refusal))
    const stream = serveInteractive(api, request, socket, head).catch((error) =>
      api.log.warn('an interactive stream failed', { error: String(error) }),
    )
    streams.add(stream)
    void stream.finally(() => streams.delete(stream))
  })
  return {
    server,
    stop: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await Promise.all([...streams])
    },
  }
}

const answerGarbage = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'too-large' : 'bad-request'
  socket.end(
    rawResponse(new ArtelError(code, `no valid HTTP request (${error.code ?? 'unknown'})`)),
  )
}

const listen = (
  server: Server,
  where: { readonly path: string } | { readonly host: string; readonly port: number },
  name: string,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) =>
      reject(
        new ArtelError('conflict', `cannot listen on ${name}: ${cause.message}`, {
          cause,
          hint: 'Another process has it: end that, or choose another port or ARTEL_HOME.',
        }),
      )
    server.once('error', fail)
    server.listen(where, () => {
      server.off('error', fail)
      resolve()
    })
  })
