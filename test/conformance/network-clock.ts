import { ArtelError } from '../../src/core/errors.ts'
import type { Clock } from '../../src/ports/clock.ts'

type Timer = { readonly atMs: number; readonly sequence: number; readonly fire: () => void }

export type VirtualClock = Clock & {
  /** Stops time: later sleeps never end. */
  readonly close: () => void
}

/** Time that jumps to the next timer whenever nothing is runnable, for tests over the memory internet. */
export const createVirtualClock = (startMs = 1_700_000_000_000): VirtualClock => {
  const timers = new Set<Timer>()
  let nowMs = 0
  let sequence = 0
  let scheduled = false
  let closed = false

  const earliest = (): Timer | undefined =>
    [...timers].reduce<Timer | undefined>(
      (first, timer) =>
        first === undefined ||
        timer.atMs < first.atMs ||
        (timer.atMs === first.atMs && timer.sequence < first.sequence)
          ? timer
          : first,
      undefined,
    )
  const schedule = () => {
    if (scheduled || closed) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      const timer = earliest()
      if (timer === undefined || closed) return
      timers.delete(timer)
      nowMs = Math.max(nowMs, timer.atMs)
      timer.fire()
      schedule()
    })
  }
  const sleep = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const onAbort = () => {
        timers.delete(timer)
        reject(signal.reason)
      }
      const timer: Timer = {
        atMs: nowMs + Math.max(0, ms),
        sequence: sequence++,
        fire: () => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      timers.add(timer)
      signal.addEventListener('abort', onAbort, { once: true })
      schedule()
    })

  return {
    nowMs: () => startMs + nowMs,
    monotonicMs: () => nowMs,
    sleep,
    within: async (ms, signal, what, work) => {
      const late = new AbortController()
      const done = new AbortController()
      const timeout = new ArtelError('timeout', `${what}: no answer within ${ms} ms`)
      const timer = sleep(ms, done.signal).then(
        () => late.abort(timeout),
        () => undefined,
      )
      try {
        return await work(AbortSignal.any([signal, late.signal]))
      } catch (error) {
        throw late.signal.aborted && !signal.aborted ? timeout : error
      } finally {
        done.abort()
        await timer
      }
    },
    close: () => {
      closed = true
    },
  }
}
