import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ArtelError, toArtelError } from '#core/errors'
import { clientControlSchema } from '#protocol/api/requests'
import type { Api } from './create-api.ts'
import { parse } from './parse.ts'
import type { RunSession } from './services.ts'
import { createWire, type Wire } from './wire.ts'

const firstFrameMs = 10_000
const keepAliveMs = 15_000

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
  const wire = createWire(api.clock, socket, signal)
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
