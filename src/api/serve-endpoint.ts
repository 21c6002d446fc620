import { createHash } from 'node:crypto'
import { ArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import { apiLimits } from '#protocol/api/common'
import type { Endpoint, Reply } from './endpoint.ts'
import { errorResponse } from './error-response.ts'
import type { Idempotency, StoredReply } from './idempotency.ts'
import { bodyBytes, bodyText, discardBody } from './read-body.ts'
import { streamResponse } from './stream-response.ts'

export type ServeContext = {
  readonly clock: Clock
  readonly log: Log
  readonly once: Idempotency
  /** Aborts when the API begins to stop: ends followers. */
  readonly stopping: AbortSignal
  /** Aborts when its grace is over: ends everything. */
  readonly ending: AbortSignal
}

export type AskedFor = {
  readonly request: Request
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
}

/** Answers one request to an endpoint: body, limits, time, idempotency, and errors in their outer form. */
export const serveEndpoint = async (
  endpoint: Endpoint,
  asked: AskedFor,
  context: ServeContext,
): Promise<Response> => {
  try {
    const key = keyOf(endpoint, asked.request)
    const work = await prepare(endpoint, asked, context, key !== undefined)
    if (key === undefined) {
      try {
        return await toResponse(context.log, await work.answer())
      } finally {
        await work.discard()
      }
    }
    const reply = await context.once({
      key,
      fingerprint: work.fingerprint,
      answer: async () => stored(await work.answer()),
      stopping: context.ending,
    })
    return jsonResponse(reply)
  } catch (error) {
    return errorResponse(error)
  }
}

export const jsonResponse = ({ status, text }: StoredReply): Response =>
  status === 204
    ? new Response(null, { status })
    : new Response(text, { status, headers: { 'content-type': 'application/json' } })

const keyOf = (endpoint: Endpoint, request: Request): string | undefined => {
  const key = request.headers.get('idempotency-key')
  if (key === null || endpoint.method === 'GET') return undefined
  if (/^[\x21-\x7e]+$/.test(key) && key.length <= apiLimits.idempotencyKeyBytesMax) return key
  throw new ArtelError(
    'bad-request',
    `header Idempotency-Key: expected 1 to ${apiLimits.idempotencyKeyBytesMax} visible characters`,
  )
}

type Work = {
  readonly answer: () => Promise<Reply>
  /** Ends the body, read or not. */
  readonly discard: () => Promise<void>
  readonly fingerprint: () => Promise<string>
}

const prepare = async (
  endpoint: Endpoint,
  { request, params, query }: AskedFor,
  context: ServeContext,
  keyed: boolean,
): Promise<Work> => {
  const { clock } = context
  const { timeoutMs, bodyType } = endpoint
  const ends = timeoutMs === 'none' && endpoint.method === 'GET' ? context.stopping : context.ending
  const gone = AbortSignal.any([request.signal, ends])
  const text =
    bodyType === undefined && endpoint.method !== 'GET'
      ? await bodyText(clock, request, apiLimits.jsonBytesMax, gone)
      : ''
  const { pathname, search } = new URL(request.url)
  const hash = createHash('sha256').update(`${endpoint.method} ${pathname}${search}\n${text}`)
  const bytes = hashed(bodyBytes(clock, request, apiLimits.blobBytesMax, gone), hash)
  // A keyed write goes on when its client leaves: the client may ask for the outcome under the key.
  const call = { params, query, text, bytes, signal: keyed ? ends : gone }
  return {
    answer: () => {
      if (timeoutMs === 'none') return endpoint.answer(call)
      const what = `${endpoint.method} ${endpoint.path}`
      return clock.within(timeoutMs, call.signal, what, (signal) =>
        endpoint.answer({ ...call, signal }),
      )
    },
    discard: async () => {
      await bytes.return(undefined)
      if (bodyType !== undefined) await discardBody(clock, request, gone)
    },
    fingerprint: async () => {
      if (bodyType !== undefined) for await (const _ of bytes);
      return hash.copy().digest('hex')
    },
  }
}

async function* hashed(
  source: AsyncIterable<Uint8Array>,
  hash: { readonly update: (bytes: Uint8Array) => unknown },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    hash.update(chunk)
    yield chunk
  }
}

const stored = (reply: Reply): StoredReply => {
  if (reply.kind === 'json') return { status: reply.status, text: reply.text }
  if (reply.kind === 'empty') return { status: 204, text: '' }
  throw new ArtelError('bad-request', 'this route takes no Idempotency-Key')
}

const toResponse = async (log: Log, reply: Reply): Promise<Response> =>
  reply.kind === 'stream'
    ? await streamResponse(log, reply.contentType, reply.bytes)
    : jsonResponse(stored(reply))
