import { ArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import type { PeerStream } from '#ports/network'
import { type BodyPart, encodeControl } from '#protocol/peer/call'
import { encodeData, encodeFrame, keepAliveFrame } from '#protocol/peer/frames'

/** How long a source that was left early may take to clean up. */
const leaveTimeoutMs = 5000

const isSettled = new ArtelError('cancelled', 'what was awaited is here')

const framesOf = (part: BodyPart): readonly Uint8Array[] =>
  part.kind === 'data' ? encodeData(part.bytes) : [encodeControl(part.value)]

/** What `promise` gives, or undefined after `ms`; leaves no timer. */
const orAfter = async <T>(
  promise: Promise<T>,
  ms: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<T | undefined> => {
  // by hand, for every part of a body: AbortSignal.any and a fresh error each time cost as much as the part
  const settled = new AbortController()
  const onAbort = () => settled.abort(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  const tooLate = clock.sleep(ms, settled.signal).then(() => undefined)
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    signal.removeEventListener('abort', onAbort)
    settled.abort(isSettled)
  }
}

/**
 * Writes `parts` and the end of the body; a keep-alive whenever `keepAliveMs` pass without a part. Throws
 * what the source or the stream throws and the signal's reason; the source is then left by `return`.
 */
export const writeBody = async (
  { stream, clock }: { readonly stream: PeerStream; readonly clock: Clock },
  parts: AsyncIterable<BodyPart>,
  keepAliveMs: number,
  signal: AbortSignal,
): Promise<void> => {
  const source = parts[Symbol.asyncIterator]()
  let left = false
  try {
    let pending = source.next()
    for (;;) {
      const step = await orAfter(pending, keepAliveMs, clock, signal)
      if (step === undefined) {
        await stream.write(keepAliveFrame(), signal)
        continue
      }
      if (step.done === true) break
      for (const frame of framesOf(step.value)) await stream.write(frame, signal)
      pending = source.next()
    }
    left = true
    await stream.write(encodeFrame({ kind: 'end' }), signal)
  } finally {
    if (!left) await leave(source, clock)
  }
}

/** Lets the source clean up, but not for ever: it may hang in a wait that knows no signal. */
const leave = async (source: AsyncIterator<BodyPart>, clock: Clock) => {
  const cleaning = source.return?.()
  if (cleaning === undefined) return
  await orAfter(cleaning, leaveTimeoutMs, clock, new AbortController().signal)
}
