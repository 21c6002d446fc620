import { ArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import type { PeerStream } from '#ports/network'
import { createFrameDecoder, type Frame } from '#protocol/peer/frames'

export type FrameReader = {
  /**
   * The next frame, or undefined when the peer ended its half between frames. Waits at most `idleMs` for
   * bytes ('timeout'); resets the stream then and when `signal` aborts. Throws 'unavailable' when the stream
   * is cut, 'bad-request' when the bytes are no frames. One call at a time.
   */
  readonly next: (idleMs: number, signal: AbortSignal) => Promise<Frame | undefined>
}

const asError = (reason: unknown): Error =>
  reason instanceof Error ? reason : new ArtelError('cancelled', String(reason))

/** Frames as they come in on `stream`, whose `read` it takes over. */
export const createFrameReader = (
  stream: PeerStream,
  clock: Clock,
  headBytesMax: number,
): FrameReader => {
  const chunks = stream.read[Symbol.asyncIterator]()
  const decoder = createFrameDecoder(headBytesMax)
  const ready: Frame[] = []

  const nextChunk = async (signal: AbortSignal) => {
    const onAbort = () => stream.reset(asError(signal.reason))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await chunks.next()
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
  return {
    next: async (idleMs, signal) => {
      for (;;) {
        const frame = ready.shift()
        if (frame !== undefined) return frame
        const what = `peer ${stream.remote}`
        const chunk = await clock.within(idleMs, signal, what, nextChunk)
        if (chunk.done === true) {
          if (decoder.isAtBoundary()) return undefined
          throw new ArtelError('unavailable', `${what} broke off inside a message`)
        }
        ready.push(...decoder.push(chunk.value))
      }
    },
  }
}
