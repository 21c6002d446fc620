import { ArtelError, toArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import type { PeerStream } from '#ports/network'
import type { BodyPart } from '#protocol/peer/call'
import { writeBody } from './body-writer.ts'
import { createFrameReader, type FrameReader } from './frame-reader.ts'

/** One call's stream: the request's body goes out in the background while the answer comes in. */
export type Exchange = {
  readonly stream: PeerStream
  readonly reader: FrameReader
  /** Ends with the caller's signal and when the call is over. */
  readonly signal: AbortSignal
  readonly sendBody: (body: AsyncIterable<BodyPart>, keepAliveMs: number) => void
  /** The answer is complete: closes the stream, or resets it while the request is still going out. */
  readonly finish: () => Promise<void>
  /** Resets the stream unless the call is over. */
  readonly abandon: (reason: Error) => void
}

/** The exchange over a fresh stream; `callers` abandons it when it aborts. */
export const startExchange = (
  clock: Clock,
  stream: PeerStream,
  headBytesMax: number,
  callers: AbortSignal,
): Exchange => {
  const over = new AbortController()
  const signal = AbortSignal.any([callers, over.signal])
  let sending = false
  const onAbort = () => abandon(toArtelError(callers.reason))
  const close = (reason: Error) => {
    callers.removeEventListener('abort', onAbort)
    over.abort(reason)
  }
  const abandon = (reason: Error) => {
    if (over.signal.aborted) return
    close(reason)
    stream.reset(reason)
  }
  callers.addEventListener('abort', onAbort, { once: true })
  return {
    stream,
    reader: createFrameReader(stream, clock, headBytesMax),
    signal,
    sendBody: (body, keepAliveMs) => {
      sending = true
      writeBody({ stream, clock }, body, keepAliveMs, signal).then(
        () => {
          sending = false
        },
        // a call that is over has its own outcome; else the source's failure becomes the call's
        (error: unknown) => abandon(toArtelError(error)),
      )
    },
    finish: async () => {
      if (over.signal.aborted) return
      if (sending) return abandon(new ArtelError('cancelled', 'the answer is complete'))
      close(new ArtelError('cancelled', 'the call is over'))
      // the answer is here; whether the peer hears the end of the stream changes nothing about it
      await stream.end().catch((error: unknown) => stream.reset(toArtelError(error)))
    },
    abandon,
  }
}
