import type { BodyPart } from '#protocol/peer/call'

/** Bytes of data that wait for their reader before the writer has to. */
const queuedBytesMax = 256 * 1024
const controlBytes = 256

/** A bounded queue between the reader of a stream and whoever consumes the body; iterated once. */
export type BodyQueue = AsyncIterable<BodyPart> & {
  /** Resolves when there is room for more. */
  readonly push: (part: BodyPart, signal: AbortSignal) => Promise<void>
  readonly end: () => void
  /** Nobody reads any more: what is queued and what still comes is dropped. */
  readonly discard: () => void
  /** The reader gets what is queued, then `error`. */
  readonly fail: (error: unknown) => void
}

const sizeOf = (part: BodyPart) => (part.kind === 'data' ? part.bytes.length : controlBytes)

export const createBodyQueue = (): BodyQueue => {
  const queue: BodyPart[] = []
  let bytes = 0
  let discarded = false
  let over: { readonly error?: unknown } | undefined
  let wakeReader: (() => void) | undefined
  let wakeWriter: (() => void) | undefined

  const finish = (how: { readonly error?: unknown }) => {
    over ??= how
    wakeReader?.()
  }
  const room = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const onAbort = () => reject(signal.reason)
      wakeWriter = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      signal.addEventListener('abort', onAbort, { once: true })
    })
  const next = async (): Promise<IteratorResult<BodyPart, undefined>> => {
    for (;;) {
      const part = queue.shift()
      if (part !== undefined) {
        bytes -= sizeOf(part)
        if (bytes < queuedBytesMax) wakeWriter?.()
        return { done: false, value: part }
      }
      if (over !== undefined) {
        if ('error' in over) throw over.error
        return { done: true, value: undefined }
      }
      await new Promise<void>((resolve) => {
        wakeReader = resolve
      })
    }
  }
  return {
    push: async (part, signal) => {
      signal.throwIfAborted()
      if (discarded) return
      queue.push(part)
      bytes += sizeOf(part)
      wakeReader?.()
      while (bytes >= queuedBytesMax) await room(signal)
    },
    end: () => finish({}),
    discard: () => {
      discarded = true
      queue.length = 0
      bytes = 0
      wakeWriter?.()
    },
    fail: (error) => finish({ error }),
    [Symbol.asyncIterator]: () => ({ next }),
  }
}
