import { createVirtualClock } from '../../src/adapters/memory/clock.ts'
import type { Clock } from '../../src/ports/clock.ts'

export type RunningClock = Clock & {
  /** Stops time: later sleeps never end. */
  readonly close: () => void
}

/** Virtual time that runs by itself: it jumps to the next timer whenever nothing is runnable. */
export const createRunningClock = (): RunningClock => {
  const clock = createVirtualClock({ startMs: 1_700_000_000_000 })
  let closed = false
  let driving = false
  const drive = () => {
    if (driving || closed) return
    driving = true
    clock
      .runUntil(() => closed)
      .then(
        () => {
          driving = false
          if (clock.waits() > 0) drive()
        },
        (error: unknown) => {
          throw error
        },
      )
  }
  return {
    nowMs: clock.nowMs,
    monotonicMs: clock.monotonicMs,
    sleep: (ms, signal) => {
      const slept = clock.sleep(ms, signal)
      drive()
      return slept
    },
    within: (ms, signal, what, work) => {
      const done = clock.within(ms, signal, what, work)
      drive()
      return done
    },
    close: () => {
      closed = true
    },
  }
}
