import { ArtelError, toArtelError } from '#core/errors'
import type { PeerId } from '#core/ids'
import type { Clock } from '#ports/clock'
import type { Network } from '#ports/network'
import {
  type BodyPart,
  callProtocol,
  encodeRequest,
  headOverheadBytes,
  parseBodyError,
  parseControl,
  parseResponse,
} from '#protocol/peer/call'
import { encodeFrame, errorBytesMax, type Frame } from '#protocol/peer/frames'
import type { PeerRoute } from '#protocol/peer/route'
import { type Exchange, startExchange } from './exchange.ts'

export type CallOptions = {
  /** Ends the call and its body: the stream is reset. */
  readonly signal: AbortSignal
  /** For routes with a request body; goes on after the answer's head, until the answer's end. */
  readonly body?: AsyncIterable<BodyPart>
}

export type Answer<Result> = {
  readonly result: Result
  /** Iterate it once, to its end or leave it by `break`; empty for routes without a response body. */
  readonly body: AsyncIterable<BodyPart>
}

/** Typed calls to peers, a stream each. */
export type Caller = {
  /**
   * Resolves with the answer's head. Throws the peer's own error, 'timeout' after the route's time,
   * 'unavailable' when the peer cannot be reached or is lost, 'unsupported' when it does not know the route,
   * 'corrupt' when it answers what the route does not allow, 'too-large' before sending oversized params.
   */
  readonly call: <Params, Result>(
    peer: PeerId,
    route: PeerRoute<Params, Result>,
    params: Params,
    options: CallOptions,
  ) => Promise<Answer<Result>>
}

type Components = { readonly network: Pick<Network, 'open'>; readonly clock: Clock }

const cutShort = (peer: PeerId) =>
  new ArtelError('unavailable', `peer ${peer} ended the call before its answer was complete`)

const corrupt = (peer: PeerId, what: string, cause?: unknown) =>
  new ArtelError('corrupt', `peer ${peer} sent ${what}`, { cause })

/** Runs `read`; bytes that do not parse are the peer's corruption, not our caller's bad request. */
const fromPeer = async <T>(peer: PeerId, read: () => T | Promise<T>): Promise<T> => {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof ArtelError && error.code === 'bad-request')) throw error
    throw corrupt(peer, error.message, error)
  }
}

const readResult = async <Result>(
  { reader, stream, signal }: Exchange,
  route: PeerRoute<unknown, Result>,
): Promise<Result> => {
  const peer = stream.remote
  const head = await fromPeer(peer, async () => {
    const frame = await reader.next(route.timeoutMs, signal)
    if (frame === undefined) throw cutShort(peer)
    if (frame.kind !== 'head') throw corrupt(peer, `a ${frame.kind} before the head`)
    return parseResponse(frame.json)
  })
  if (!head.ok) throw head.error
  const parsed = route.result.safeParse(head.result)
  if (parsed.success) return parsed.data
  throw corrupt(peer, `no result of ${route.name}`, parsed.error)
}

type BodyStep =
  | BodyPart
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly error: ArtelError }

const stepOf = (frame: Frame | undefined, peer: PeerId): BodyStep => {
  if (frame === undefined) throw cutShort(peer)
  switch (frame.kind) {
    case 'data':
    case 'end':
      return frame
    case 'control':
      return { kind: 'control', value: parseControl(frame.json) }
    case 'error':
      return { kind: 'failed', error: parseBodyError(frame.json) }
    case 'head':
      throw corrupt(peer, 'a second head')
  }
}

async function* readBody(exchange: Exchange, idleMs: number): AsyncGenerator<BodyPart, void> {
  const { reader, stream, signal } = exchange
  const peer = stream.remote
  try {
    for (;;) {
      const step = await fromPeer(peer, async () => stepOf(await reader.next(idleMs, signal), peer))
      if (step.kind === 'failed') throw step.error
      if (step.kind === 'end') break
      yield step
    }
    await exchange.finish()
  } finally {
    exchange.abandon(new ArtelError('cancelled', 'the body is no longer read'))
  }
}

async function* noBody(): AsyncGenerator<BodyPart, void> {}

/** Sends the request over a new stream and waits for the answer's head. */
const ask = async <Result>(
  exchange: Exchange,
  route: PeerRoute<unknown, Result>,
  head: Uint8Array,
  body: AsyncIterable<BodyPart> | undefined,
  limit: AbortSignal,
): Promise<Answer<Result>> => {
  const onLimit = () => exchange.abandon(toArtelError(limit.reason))
  limit.addEventListener('abort', onLimit, { once: true })
  try {
    await exchange.stream.write(head, limit)
    if (body !== undefined) exchange.sendBody(body, route.idleTimeoutMs / 4)
    else if (route.requestBody) await exchange.stream.write(encodeFrame({ kind: 'end' }), limit)
    const result = await readResult(exchange, route)
    if (route.responseBody) return { result, body: readBody(exchange, route.idleTimeoutMs) }
    await exchange.finish()
    return { result, body: noBody() }
  } catch (error) {
    exchange.abandon(toArtelError(error))
    throw error
  } finally {
    limit.removeEventListener('abort', onLimit)
  }
}

export const createCaller = ({ network, clock }: Components): Caller => ({
  call: async (peer, route, params, { signal, body }) => {
    if (body !== undefined && !route.requestBody) {
      throw new ArtelError('internal', `${route.name} takes no body`)
    }
    const head = encodeRequest(route.name, route.params.encode(params), route.paramsBytesMax)
    const headBytesMax = Math.max(route.resultBytesMax, errorBytesMax) + headOverheadBytes
    const what = `${route.name} at peer ${peer}`
    return clock.within(route.timeoutMs, signal, what, async (limit) => {
      const stream = await network.open(peer, callProtocol, limit)
      const exchange = startExchange(clock, stream, headBytesMax, signal)
      return ask(exchange, route, head, body, limit)
    })
  },
})
