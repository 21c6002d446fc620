import { ArtelError } from '#core/errors'
import { errorOfAnswer } from './error-of.ts'
import type { Transport, TransportRequest } from './transport.ts'

/** Options of every call. A write with a key happens once, however often it is sent. */
export type CallOptions = {
  readonly signal?: AbortSignal | undefined
  readonly idempotencyKey?: string
}

type Ask = Pick<TransportRequest, 'method' | 'path'> & { readonly body?: TransportRequest['body'] }

const documentBytesMax = 512 * 1024 * 1024
const lineCharactersMax = 64 * 1024 * 1024

/** The bytes of an answer. Throws the error that the node answered. */
export const askBytes = async (
  transport: Transport,
  ask: Ask,
  { signal, idempotencyKey }: CallOptions = {},
): Promise<AsyncIterable<Uint8Array>> => {
  const { body } = ask
  const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream'
  const response = await transport.request({
    ...ask,
    signal,
    headers: {
      ...(body === undefined ? {} : { 'content-type': type }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
  })
  if (response.status < 400) return response.body
  throw errorOfAnswer(response.status, await textOf(response.body))
}

/** The answer as a JSON document. */
export const askJson = async <T>(
  transport: Transport,
  ask: Ask,
  options?: CallOptions,
): Promise<T> => {
  const document: T = JSON.parse(await textOf(await askBytes(transport, ask, options)))
  return document
}

/** For calls whose answer is empty. */
export const askDone = async (
  transport: Transport,
  ask: Ask,
  options?: CallOptions,
): Promise<void> => {
  await textOf(await askBytes(transport, ask, options))
}

/** The answer line by line, each a JSON document. */
export async function* askLines<T>(
  transport: Transport,
  ask: Ask,
  options?: CallOptions,
): AsyncGenerator<T> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of await askBytes(transport, ask, options)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > lineCharactersMax) throw tooLong()
    for (const line of lines) {
      const value: T = JSON.parse(line)
      yield value
    }
  }
}

const textOf = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  const decoder = new TextDecoder()
  const parts: string[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > documentBytesMax) throw tooLong()
    parts.push(decoder.decode(chunk, { stream: true }))
  }
  return parts.join('') + decoder.decode()
}

const tooLong = (): ArtelError => new ArtelError('too-large', 'the node answered too much')

/** `/v1/runs/{name}` with the parts put in, and a query of what is defined. */
export const pathTo = (
  parts: readonly (string | number)[],
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): string => {
  const path = parts.map((part) => encodeURIComponent(part)).join('/')
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return `/v1/${path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`
}
