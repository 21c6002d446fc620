import type { Log } from '#ports/log'

/**
 * Bytes as a streamed response. The first chunk is awaited before the headers go out, so that an early error is
 * an ordinary error response; a later one breaks the body off, which HTTP clients report. Nothing is read ahead.
 */
export const streamResponse = async (
  log: Log,
  contentType: string,
  source: AsyncIterable<Uint8Array>,
): Promise<Response> => {
  const chunks = source[Symbol.asyncIterator]()
  let next: IteratorResult<Uint8Array> | undefined = await chunks.next()
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const part = next ?? (await chunks.next())
          next = undefined
          if (part.done === true) controller.close()
          else controller.enqueue(part.value)
        } catch (error) {
          log.warn('a streamed answer broke off', { error: String(error) })
          controller.error(error)
        }
      },
      cancel: async () => {
        await chunks.return?.()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { status: 200, headers: { 'content-type': contentType } })
}

/** Values as NDJSON: one JSON document per line. */
export async function* jsonLines(values: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const value of values) yield encoder.encode(`${JSON.stringify(value)}\n`)
}
