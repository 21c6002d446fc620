import type { Clock } from '#ports/clock'

/** Wakes one loop: a ring is never lost, many rings are one. */
export type Bell = {
  readonly ring: () => void
  /** Resolves at the next ring (at once if it rang since the last wait) or at wall time `untilMs`. */
  readonly wait: (untilMs: number | undefined, signal: AbortSignal) => Promise<void>
}

/** With nothing to wait for, a loop still looks around so often: a ring that a bug forgot costs no more. */
const idleMs = 30_000

export const createBell = (clock: Clock): Bell => {
  let rang = false
  let waiting: AbortController | undefined
  return {
    ring: () => {
      rang = true
      waiting?.abort()
    },
    wait: async (untilMs, signal) => {
      signal.throwIfAborted()
      if (!rang) {
        waiting = new AbortController()
        const awake = waiting.signal
        const ms = Math.max(
          0,
          Math.min(idleMs, (untilMs ?? Number.POSITIVE_INFINITY) - clock.nowMs()),
        )
        try {
          await clock.sleep(ms, AbortSignal.any([signal, awake]))
        } catch (error) {
          if (!awake.aborted || signal.aborted) throw error
        } finally {
          waiting = undefined
        }
      }
      rang = false
    },
  }
}
