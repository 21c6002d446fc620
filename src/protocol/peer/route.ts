import type { z } from 'zod'

/** What one typed call between peers is called, says and may cost. `Params` and `Result` are the parsed values. */
export type PeerRoute<Params = unknown, Result = unknown> = {
  /** Dotted lower-case words, `lease.logs`; unique among all routes. */
  readonly name: string
  /** Decodes what came in and encodes what goes out, so a value that JSON lacks needs a zod codec, not a transform. */
  readonly params: z.ZodType<Params>
  readonly result: z.ZodType<Result>
  /** Whether bytes or control messages follow the request's head. */
  readonly requestBody: boolean
  readonly responseBody: boolean
  /** From the call to the response's head; bodies may go on. */
  readonly timeoutMs: number
  /** The longest silence on a body; a sender with nothing to say sends keep-alives four times as often. */
  readonly idleTimeoutMs: number
  /** Bytes of the JSON of a request's params. */
  readonly paramsBytesMax: number
  readonly resultBytesMax: number
}

export type ParamsOf<Route> = Route extends PeerRoute<infer Params, unknown> ? Params : never
export type ResultOf<Route> = Route extends PeerRoute<unknown, infer Result> ? Result : never

/** What a route leaves out. */
export const routeDefaults = {
  requestBody: false,
  responseBody: false,
  timeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  paramsBytesMax: 16 * 1024,
  resultBytesMax: 64 * 1024,
} as const

type RouteInit<Params, Result> = Pick<PeerRoute<Params, Result>, 'name' | 'params' | 'result'> &
  Partial<PeerRoute<Params, Result>>

/** The longest wait that timers know (24 days). */
const timerMsMax = 2 ** 31 - 1

/** A route with its types inferred from the schemas and `routeDefaults` for what `init` leaves out. */
export const defineRoute = <Params, Result>(
  init: RouteInit<Params, Result>,
): PeerRoute<Params, Result> => ({
  ...routeDefaults,
  ...init,
  timeoutMs: Math.min(init.timeoutMs ?? routeDefaults.timeoutMs, timerMsMax),
})
