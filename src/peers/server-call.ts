import { ArtelError, toArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import type { PeerStream } from '#ports/network'
import { encodeBodyError, encodeFailure, parseRequest, type RequestHead } from '#protocol/peer/call'
import type { PeerRoute } from '#protocol/peer/route'
import { createBodyQueue } from './body-queue.ts'
import { writeBody } from './body-writer.ts'
import { createFrameReader, type FrameReader } from './frame-reader.ts'
import { receiveBody } from './request-body.ts'
import type { EncodedAnswer, Served } from './served.ts'

export type ServerCall = {
  readonly stream: PeerStream
  readonly clock: Clock
  readonly log: Log
  readonly served: ReadonlyMap<string, Served>
  readonly headBytesMax: number
  /** Aborts when the server stops. */
  readonly stopped: AbortSignal
}

/** How long a peer may take for the request's head. */
const headTimeoutMs = 10_000
/** How long a stream stays open for a peer that still sends after its answer. */
const lingerMs = 5_000

/** What the peer may know of an error; what was not meant for it goes to the log only. */
const outerError = (error: unknown, log: Log): ArtelError => {
  const known = toArtelError(error)
  if (known.code !== 'internal') return known
  const { cause } = known
  log.error('a call failed inside', {
    reason: known.message,
    stack: cause instanceof Error ? cause.stack : known.stack,
  })
  return new ArtelError('internal', 'the peer failed to handle the call')
}

/** Ends our half and gives the peer some time to end its own, so that it reads the answer in peace. */
const close = async ({ stream, clock }: ServerCall, received: Promise<void>): Promise<void> => {
  await stream.end()
  const done = new AbortController()
  try {
    await Promise.race([received, clock.sleep(lingerMs, done.signal)])
  } finally {
    done.abort()
  }
}

/** Takes what a refused peer had sent before it knew. */
const drain = async (reader: FrameReader, signal: AbortSignal): Promise<void> => {
  let left = false
  while (!left) left = (await reader.next(lingerMs, signal)) === undefined
}

/** Sends an error as the whole answer. */
export const refuseCall = async (
  call: ServerCall,
  error: ArtelError,
  reader: FrameReader = createFrameReader(call.stream, call.clock, call.headBytesMax),
): Promise<void> => {
  const { stream, stopped } = call
  try {
    await stream.write(encodeFailure(error), stopped)
    await close(call, drain(reader, stopped))
  } catch (cause) {
    call.log.debug('a refusal was not heard', { reason: toArtelError(cause).message })
  } finally {
    stream.reset(error)
  }
}

const readRequest = async (reader: FrameReader, signal: AbortSignal): Promise<RequestHead> => {
  const frame = await reader.next(headTimeoutMs, signal)
  if (frame === undefined) throw new ArtelError('bad-request', 'a call without a request')
  if (frame.kind !== 'head') throw new ArtelError('bad-request', `a ${frame.kind} before the head`)
  return parseRequest(frame.json)
}

/** Aborts `over` when the handler takes longer than its route allows; the returned function forgets that. */
const limitTime = ({ clock }: ServerCall, route: PeerRoute, over: AbortController) => {
  const answered = new AbortController()
  clock.sleep(route.timeoutMs, AbortSignal.any([over.signal, answered.signal])).then(
    () => over.abort(new ArtelError('timeout', `${route.name} took longer than it may`)),
    () => undefined, // answered, or over for another reason
  )
  return () => answered.abort()
}

const sendAnswer = async (
  { stream, clock, log }: ServerCall,
  route: PeerRoute,
  { head, body }: EncodedAnswer,
  signal: AbortSignal,
): Promise<void> => {
  await stream.write(head, signal)
  if (body === undefined) return
  try {
    await writeBody({ stream, clock }, body, route.idleTimeoutMs / 4, signal)
  } catch (error) {
    if (signal.aborted) throw error
    await stream.write(encodeBodyError(outerError(error, log)), signal)
  }
}

/** From the request's params to the end of the answer. */
const answerRequest = async (
  call: ServerCall,
  { route, answer }: Served,
  params: unknown,
  reader: FrameReader,
  over: AbortController,
): Promise<void> => {
  const { stream, log } = call
  const body = createBodyQueue()
  const received = receiveBody(reader, route, body, over)
  const stopLimit = limitTime(call, route, over)
  try {
    const request = { params, peer: stream.remote, body, signal: over.signal }
    const answered = await answer(request).finally(stopLimit)
    await sendAnswer(call, route, answered, over.signal)
  } catch (error) {
    if (over.signal.aborted) throw error
    await stream.write(encodeFailure(outerError(error, log)), over.signal)
  }
  body.discard()
  await close(call, received)
}

/** Answers one call, from its head to the end of its stream. Never throws. */
export const answerCall = async (call: ServerCall): Promise<void> => {
  const { stream, clock, log, stopped, served } = call
  const over = new AbortController()
  const onStop = () => over.abort(stopped.reason)
  stopped.addEventListener('abort', onStop, { once: true })
  const reader = createFrameReader(stream, clock, call.headBytesMax)
  try {
    const { route, params } = await readRequest(reader, over.signal)
    const found = served.get(route)
    if (found === undefined) throw new ArtelError('unsupported', `no route ${route} here`)
    await answerRequest(call, found, params, reader, over)
  } catch (error) {
    if (!over.signal.aborted) await refuseCall(call, outerError(error, log), reader)
    else log.debug('a call broke off', { peer: stream.remote, reason: toArtelError(error).message })
  } finally {
    stopped.removeEventListener('abort', onStop)
    const ended = new ArtelError('cancelled', 'the call is over')
    over.abort(ended)
    stream.reset(ended)
  }
}
