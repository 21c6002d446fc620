import type { Clock } from '#ports/clock'

/** Wakes everybody who waits for something to happen. */
export type Bell = {
  readonly ring: () => void
  /** Resolves at the next ring or after `ms`; rejects when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

export const createBell = (clock: Clock): Bell => {
  let next = new AbortController()
  return {
    ring: () => {
      const rung = next
      next = new AbortController()
      rung.abort()
    },
    wait: async (ms, signal) => {
      const ring = next.signal
      try {
        await clock.sleep(ms, AbortSignal.any([signal, ring]))
      } catch (error) {
        if (signal.aborted || !ring.aborted) throw error
      }
    },
  }
}
