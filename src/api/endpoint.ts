import { z } from 'zod'
import type { JsonValue } from '#core/json'
import { parse, parseJson } from './parse.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** What a handler answers, before it becomes a Response. */
export type Reply =
  | { readonly kind: 'json'; readonly status: number; readonly text: string }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'stream'
      readonly contentType: string
      readonly bytes: AsyncIterable<Uint8Array>
    }

/** One request, as far as it is the same for all endpoints. */
export type Call = {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  /** The whole body of an endpoint with a JSON body. */
  readonly text: string
  /** The body of an endpoint that takes bytes. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Aborts when the client leaves, the time is up or the API stops. */
  readonly signal: AbortSignal
}

/** How a route is asked for and described. */
export type RouteSpec<P, Q, B> = {
  readonly method: Method
  /** As OpenAPI writes it: `/v1/runs/{name}`. */
  readonly path: string
  readonly summary: string
  readonly params: z.ZodType<P>
  readonly query: z.ZodType<Q>
  readonly body: z.ZodType<B>
  /** Media type of a body that is not JSON. */
  readonly bodyType?: string
  readonly bodyExample?: JsonValue
  readonly status: number
  readonly responseExample?: JsonValue
  /** How long answering may take; 'none' for followers and long waits, which end with their client. */
  readonly timeoutMs: number | 'none'
}

/** A route with its answer. */
export type Endpoint = RouteSpec<unknown, unknown, unknown> & {
  readonly response?: z.ZodType
  /** Media type of a streamed answer. */
  readonly responseType?: string
  readonly answer: (call: Call) => Promise<Reply>
}

/** The schema of a part that must be empty. */
export const nothing = z.strictObject({})

/** A route as it is unless said otherwise: nothing in, 200 and an answer within half a minute. */
export const route = <M extends Method>(method: M, path: string, summary: string) => ({
  method,
  path,
  summary,
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  timeoutMs: 30_000,
})

type Input<P, Q, B> = {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly bytes: AsyncIterable<Uint8Array>
  readonly signal: AbortSignal
}

/** An endpoint that answers one JSON document. */
export const jsonEndpoint = <P, Q, B, R>(
  spec: RouteSpec<P, Q, B> & { readonly response: z.ZodType<R> },
  handle: (input: Input<P, Q, B>) => Promise<R> | R,
): Endpoint => ({
  ...spec,
  answer: async (call) => {
    const value = await handle(inputOf(spec, call))
    const text = JSON.stringify(z.encode(spec.response, value))
    return { kind: 'json', status: spec.status, text }
  },
})

/** An endpoint that does something and has nothing to say about it: 204. */
export const emptyEndpoint = <P, Q, B>(
  spec: RouteSpec<P, Q, B>,
  handle: (input: Input<P, Q, B>) => Promise<void>,
): Endpoint => ({
  ...spec,
  status: 204,
  answer: async (call) => {
    await handle(inputOf(spec, call))
    return { kind: 'empty' }
  },
})

/** An endpoint that streams its answer. */
export const streamEndpoint = <P, Q, B>(
  spec: RouteSpec<P, Q, B> & { readonly responseType: string; readonly response?: z.ZodType },
  handle: (input: Input<P, Q, B>) => AsyncIterable<Uint8Array>,
): Endpoint => ({
  ...spec,
  answer: async (call) => ({
    kind: 'stream',
    contentType: spec.responseType,
    bytes: handle(inputOf(spec, call)),
  }),
})

const inputOf = <P, Q, B>(spec: RouteSpec<P, Q, B>, call: Call): Input<P, Q, B> => ({
  params: parse(spec.params, call.params, 'path'),
  query: parse(spec.query, call.query, 'query'),
  body: parse(spec.body, parseJson(call.text), 'body'),
  bytes: call.bytes,
  signal: call.signal,
})
