import { ArtelError } from '#core/errors'
import type { PeerId } from '#core/ids'
import { type BodyPart, encodeResult, jsonLength } from '#protocol/peer/call'
import type { PeerRoute } from '#protocol/peer/route'

export type Request<Params> = {
  readonly params: Params
  /** Who asks: the transport has proved it. */
  readonly peer: PeerId
  /** What follows the request's head; empty for routes without a request body. Iterate it once. */
  readonly body: AsyncIterable<BodyPart>
  /** Aborts when the peer gives up or is lost, when the route's time is over, when the server stops. */
  readonly signal: AbortSignal
}

export type Response<Result> = {
  readonly result: Result
  /** For routes with a response body; left by `return` when the peer gives up. */
  readonly body?: AsyncIterable<BodyPart>
}

export type Handler<Params, Result> = (request: Request<Params>) => Promise<Response<Result>>

/** A route with its handler, whose types end here: params come unparsed, the result leaves encoded. */
export type Served = {
  readonly route: PeerRoute
  /** Throws 'bad-request' and 'too-large' for params, and what the handler throws. */
  readonly answer: (request: Request<unknown>) => Promise<EncodedAnswer>
}

export type EncodedAnswer = {
  readonly head: Uint8Array
  readonly body: AsyncIterable<BodyPart> | undefined
}

async function* noParts(): AsyncGenerator<BodyPart, void> {}

const parseParams = <Params>(route: PeerRoute<Params>, params: unknown): Params => {
  const bytes = jsonLength(params)
  if (bytes > route.paramsBytesMax) {
    throw new ArtelError('too-large', `params of ${route.name} have ${bytes} bytes`, {
      hint: `At most ${route.paramsBytesMax} bytes fit.`,
    })
  }
  const parsed = route.params.safeParse(params)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const where = [route.name, ...(issue?.path ?? [])].join('.')
  throw new ArtelError('bad-request', `${where}: ${issue?.message ?? 'not as expected'}`)
}

export const serve = <Params, Result>(
  route: PeerRoute<Params, Result>,
  handler: Handler<Params, Result>,
): Served => ({
  route,
  answer: async (request) => {
    const params = parseParams(route, request.params)
    const { result, body } = await handler({ ...request, params })
    const head = encodeResult(route.name, route.result.encode(result), route.resultBytesMax)
    return { head, body: route.responseBody ? (body ?? noParts()) : undefined }
  },
})
