import { ArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'

const bodyIdleMs = 60_000

/** What is still read, unused, of a body whose request has failed, and how long. */
const restBytesMax = 256 * 1024 * 1024
const restMs = 3_000

/**
 * The body of a request in chunks. Throws 'too-large' beyond `bytesMax`, 'timeout' when nothing arrives for a
 * minute, 'cancelled' when the client leaves.
 */
export async function* bodyBytes(
  clock: Clock,
  request: Request,
  bytesMax: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const announced = Number(request.headers.get('content-length') ?? 0)
  if (announced > bytesMax) throw tooLarge(bytesMax)
  if (request.body === null) return
  const reader = request.body.getReader()
  let seen = 0
  try {
    while (true) {
      const part = await clock.within(bodyIdleMs, signal, 'the body', (inner) =>
        readOrAbort(reader, inner),
      )
      if (part.done) return
      seen += part.value.length
      if (seen > bytesMax) throw tooLarge(bytesMax)
      yield part.value
    }
  } finally {
    await discardRest(clock, reader, signal)
  }
}

/** Ends the body of a request that nobody has begun to read. */
export const discardBody = async (
  clock: Clock,
  { body }: Request,
  signal: AbortSignal,
): Promise<void> => {
  if (body !== null && !body.locked) await discardRest(clock, body.getReader(), signal)
}

/** Reads on for a while: a client that is cut off while it sends hears of a broken pipe instead of the answer. */
const discardRest = async (
  clock: Clock,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal,
): Promise<void> => {
  try {
    await clock.within(restMs, signal, 'the rest of the body', async (inner) => {
      for (let left = restBytesMax; left > 0; ) {
        const part = await readOrAbort(reader, inner)
        if (part.done) return
        left -= part.value.length
      }
    })
  } catch (error) {
    // Whatever ended the reading, the request has its own outcome to tell.
    if (!(error instanceof ArtelError)) throw error
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** The whole body as text; the same errors, and 'bad-request' when it is no UTF-8. */
export const bodyText = async (
  clock: Clock,
  request: Request,
  bytesMax: number,
  signal: AbortSignal,
): Promise<string> => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const parts: string[] = []
  try {
    for await (const chunk of bodyBytes(clock, request, bytesMax, signal)) {
      parts.push(decoder.decode(chunk, { stream: true }))
    }
    parts.push(decoder.decode())
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new ArtelError('bad-request', 'the body is no UTF-8 text or broke off', { cause })
  }
  return parts.join('')
}

const tooLarge = (bytesMax: number): ArtelError =>
  new ArtelError('too-large', `the body is larger than ${bytesMax} bytes`)

type Part = { readonly done: true } | { readonly done: false; readonly value: Uint8Array }

const readOrAbort = (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal,
): Promise<Part> =>
  new Promise((resolve, reject) => {
    const leave = () => reject(new ArtelError('cancelled', 'the client went away'))
    if (signal.aborted) return leave()
    signal.addEventListener('abort', leave, { once: true })
    const done = () => signal.removeEventListener('abort', leave)
    reader.read().then(
      (part) => {
        done()
        resolve(part.value === undefined ? { done: true } : { done: false, value: part.value })
      },
      (cause) => {
        done()
        reject(new ArtelError('cancelled', 'the body broke off', { cause }))
      },
    )
  })
