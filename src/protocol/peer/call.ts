import { z } from 'zod'
import { ArtelError, type ErrorCode, isErrorCode } from '#core/errors'
import type { JsonValue } from '#core/json'
import { controlBytesMax, encodeFrame } from './frames.ts'

/** The libp2p protocol of calls: one stream a call, frames both ways (`./frames.ts`). */
export const callProtocol = '/artel/1/call'

/** One piece of a streamed body. */
export type BodyPart =
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'control'; readonly value: JsonValue }

/** What a head may have besides params or result. */
export const headOverheadBytes = 1024
/** Even all escaped, message and hint fit into an error frame. */
const messageCharsMax = 1000

const errorSchema = z.object({
  // a code that a newer peer invented still is an error
  code: z.custom<ErrorCode>(isErrorCode).catch('internal'),
  message: z.string().max(2 * messageCharsMax),
  hint: z
    .string()
    .max(2 * messageCharsMax)
    .optional(),
})
const requestSchema = z.object({ route: z.string().min(1).max(128), params: z.unknown() })
const responseSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), error: errorSchema }),
])

export type RequestHead = { readonly route: string; readonly params: unknown }
/** A result that its route's schema has not seen yet, or the error that the peer answered. */
export type ResponseHead =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: ArtelError }

const utf8 = new TextEncoder()
const decodeText = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true }).decode(bytes)

const jsonBytes = (value: unknown): Uint8Array => utf8.encode(JSON.stringify(value))

const parseJson = <T>(what: string, schema: z.ZodType<T>, bytes: Uint8Array): T => {
  try {
    return schema.parse(JSON.parse(decodeText(bytes)))
  } catch (cause) {
    // bytes that are no UTF-8, text that is no JSON or JSON of another shape: all the peer's fault
    throw new ArtelError('bad-request', `${what} that does not parse`, { cause })
  }
}

/** The error as a peer may see it: bounded, without stack and cause. */
const errorJson = ({ code, message, hint }: ArtelError) => ({
  code,
  message: message.slice(0, messageCharsMax),
  ...(hint === undefined ? {} : { hint: hint.slice(0, messageCharsMax) }),
})

const bounded = (what: string, bytes: Uint8Array, bytesMax: number): Uint8Array => {
  if (bytes.length <= bytesMax) return bytes
  throw new ArtelError('too-large', `${what} has ${bytes.length} bytes, at most ${bytesMax} fit`)
}

/** The frame that opens a call. Throws 'too-large' when the params' JSON exceeds the route's limit. */
export const encodeRequest = (route: string, params: unknown, paramsBytesMax: number) => {
  const json = bounded(`params of ${route}`, jsonBytes(params ?? null), paramsBytesMax)
  return encodeFrame({
    kind: 'head',
    json: utf8.encode(`{"route":${JSON.stringify(route)},"params":${decodeText(json)}}`),
  })
}

/** Throws 'bad-request'. */
export const parseRequest = (json: Uint8Array): RequestHead => {
  const { route, params } = parseJson('request', requestSchema, json)
  return { route, params }
}

/** Throws 'too-large' when the result's JSON exceeds the route's limit. */
export const encodeResult = (route: string, result: unknown, resultBytesMax: number) => {
  const json = bounded(`result of ${route}`, jsonBytes(result ?? null), resultBytesMax)
  return encodeFrame({
    kind: 'head',
    json: utf8.encode(`{"ok":true,"result":${decodeText(json)}}`),
  })
}

export const encodeFailure = (error: ArtelError) =>
  encodeFrame({ kind: 'head', json: jsonBytes({ ok: false, error: errorJson(error) }) })

/** Throws 'bad-request' when the peer's answer is none. */
export const parseResponse = (json: Uint8Array): ResponseHead => {
  const head = parseJson('response', responseSchema, json)
  return head.ok ? { ok: true, result: head.result } : { ok: false, error: toError(head.error) }
}

const toError = ({ code, message, hint }: z.infer<typeof errorSchema>): ArtelError =>
  new ArtelError(code, message, hint === undefined ? {} : { hint })

/** The frame that ends a body badly. */
export const encodeBodyError = (error: ArtelError) =>
  encodeFrame({ kind: 'error', json: jsonBytes(errorJson(error)) })

/** Throws 'bad-request'. */
export const parseBodyError = (json: Uint8Array): ArtelError =>
  toError(parseJson('error', errorSchema, json))

/** Throws 'too-large'. */
export const encodeControl = (value: JsonValue) =>
  encodeFrame({
    kind: 'control',
    json: bounded('control message', jsonBytes(value), controlBytesMax),
  })

/** Throws 'bad-request'. */
export const parseControl = (json: Uint8Array): JsonValue =>
  parseJson<JsonValue>('control message', z.custom<JsonValue>(), json)

/** How many bytes of JSON `value` has. */
export const jsonLength = (value: unknown): number => jsonBytes(value ?? null).length
