import { ArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import { createNotice } from './notice.ts'

/** How long a held log waits for a follower that was cut off. */
export const holdAfterCutMs = 60_000

export type Hold = {
  readonly enter: () => void
  readonly leave: () => void
  /** A follower keeps everything before `offset` itself: it will never ask for that again. */
  readonly advance: (offset: number) => void
  /** Waits until `end` is not too far ahead of what was confirmed, or nobody reads any more. */
  readonly pass: (end: number, signal: AbortSignal) => Promise<void>
}

/**
 * What followers of a held log have confirmed, and since when nobody reads. Only that bounds the log, however
 * much is under way or read ahead: bytes that were sent may not have arrived.
 */
export const createHold = (
  clock: Clock,
  options: { readonly bytesMax: number; readonly hold: boolean },
): Hold => {
  const notice = createNotice()
  // A spool drops up to an eighth of its bound more than it must.
  const room = Math.floor(options.bytesMax * 0.75)
  let confirmed = 0
  let followers = 0
  let idleSinceMs: number | undefined
  const waitMs = (): number =>
    idleSinceMs === undefined
      ? Number.POSITIVE_INFINITY
      : idleSinceMs + holdAfterCutMs - clock.monotonicMs()
  return {
    enter: () => {
      followers += 1
      idleSinceMs = undefined
    },
    leave: () => {
      followers -= 1
      if (followers === 0) idleSinceMs = clock.monotonicMs()
      notice.notify()
    },
    advance: (offset: number) => {
      confirmed = Math.max(confirmed, offset)
      notice.notify()
    },
    pass: async (end: number, signal: AbortSignal): Promise<void> => {
      while (options.hold && end - confirmed > room && waitMs() > 0) {
        const seen = notice.version()
        const ms = waitMs()
        const changed = (inner: AbortSignal) => notice.changed(seen, inner)
        if (ms === Number.POSITIVE_INFINITY) await changed(signal)
        else await untilTimeout(clock.within(ms, signal, 'a follower', changed))
      }
    },
  }
}

const untilTimeout = async (waiting: Promise<void>): Promise<void> => {
  try {
    await waiting
  } catch (error) {
    if (!(error instanceof ArtelError) || error.code !== 'timeout') throw error
  }
}
