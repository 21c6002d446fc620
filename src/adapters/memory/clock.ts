import { ArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import { type Timer, TimerQueue } from './timer-queue.ts'

export type VirtualClockOptions = {
  /** Wall time at the start, milliseconds since the Unix epoch. */
  readonly startMs: number
  /** Resolves when everything runnable has run: one turn of the event loop. */
  readonly hop?: () => Promise<void>
  /** Wake-ups at one virtual moment before that counts as a loop that never waits. */
  readonly wakeUpsPerMomentMax?: number
}

/** The clock of one life of a node: once revoked, its waits neither settle nor hold a timer. */
export type ClockIncarnation = {
  readonly clock: Clock
  readonly revoke: () => void
  /** Its waits that have not ended. */
  readonly waits: () => number
}

/** Time that moves only when told to, and only once nothing is left to run at the present moment. */
export type VirtualClock = Clock & {
  /** Runs what is runnable now; time stands still. */
  readonly idle: () => Promise<void>
  /** Runs everything that is due within the next `ms`. */
  readonly advance: (ms: number) => Promise<void>
  /** Runs everything that is due up to wall time `atMs`. */
  readonly advanceTo: (atMs: number) => Promise<void>
  /**
   * Runs until wall time `until`, or until it returns true (asked after each wake-up). False when it still
   * does not hold and no timer is left, or the next one is due after `limitMs` of wall time.
   */
  readonly runUntil: (until: number | (() => boolean), limitMs?: number) => Promise<boolean>
  /** A view for one life of a node; `skewMs` is how far its wall clock is off. */
  readonly incarnation: (skewMs?: number) => ClockIncarnation
  /** Waits that have not ended: a gauge for leaks. */
  readonly waits: () => number
  /** Timers fired since the start. */
  readonly wakeUps: () => number
}

type Core = {
  readonly timers: TimerQueue
  elapsedMs: number
  wakeUps: number
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const never = <T>(): Promise<T> => new Promise<T>(() => undefined)

/** One view of time: remembers its own timers so that a crash takes them along. */
const createView = (core: Core, startMs: number): ClockIncarnation => {
  const own = new Set<Timer>()
  let revoked = false
  const after = (ms: number, fire: () => void): Timer => {
    const wait = Number.isNaN(ms) ? 0 : Math.max(0, ms)
    const timer = core.timers.add(core.elapsedMs + wait, () => {
      own.delete(timer)
      fire()
    })
    own.add(timer)
    return timer
  }
  const cancel = (timer: Timer): void => {
    own.delete(timer)
    core.timers.cancel(timer)
  }
  const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      if (revoked) return
      if (signal.aborted) return reject(signal.reason)
      const onAbort = (): void => {
        cancel(timer)
        if (!revoked) reject(signal.reason)
      }
      const timer = after(ms, () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
      signal.addEventListener('abort', onAbort, { once: true })
    })
  const within: Clock['within'] = async (ms, signal, what, work) => {
    if (revoked) return never()
    const both = new AbortController()
    const onAbort = (): void => both.abort(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    let timeout: ArtelError | undefined
    const timer = after(ms, () => {
      timeout = new ArtelError('timeout', `${what}: no answer within ${ms} ms`)
      both.abort(timeout)
    })
    try {
      return await work(both.signal)
    } catch (error) {
      if (timeout !== undefined && !signal.aborted) throw timeout
      throw error
    } finally {
      cancel(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }
  const clock: Clock = {
    nowMs: () => startMs + core.elapsedMs,
    monotonicMs: () => core.elapsedMs,
    sleep,
    within,
  }
  const revoke = (): void => {
    revoked = true
    for (const timer of own) core.timers.cancel(timer)
    own.clear()
  }
  return { clock, revoke, waits: () => own.size }
}

/** Virtual time: timers fire one by one, in the order of their time and then of their creation. */
export const createVirtualClock = (options: VirtualClockOptions): VirtualClock => {
  const { startMs, hop = turn, wakeUpsPerMomentMax = 1_000_000 } = options
  const core: Core = { timers: new TimerQueue(), elapsedMs: 0, wakeUps: 0 }
  let atThisMoment = 0

  /** Fires the next timer if it is due by `limitMs` (elapsed), then runs what it woke. */
  const step = async (limitMs: number): Promise<boolean> => {
    const next = core.timers.nextAtMs()
    if (next === undefined || next > limitMs) return false
    atThisMoment = next > core.elapsedMs ? 0 : atThisMoment + 1
    if (atThisMoment > wakeUpsPerMomentMax) {
      throw new ArtelError('internal', `${atThisMoment} wake-ups at ${next} ms: a loop never waits`)
    }
    core.elapsedMs = Math.max(core.elapsedMs, next)
    core.wakeUps += 1
    core.timers.take()?.()
    await hop()
    return true
  }
  const advanceToElapsed = async (targetMs: number): Promise<void> => {
    await hop()
    while (await step(targetMs)) {
      // each step runs one timer to its end
    }
    core.elapsedMs = Math.max(core.elapsedMs, targetMs)
  }
  const runUntil: VirtualClock['runUntil'] = async (until, limitMs = Number.POSITIVE_INFINITY) => {
    if (typeof until === 'number') {
      await advanceToElapsed(until - startMs)
      return true
    }
    await hop()
    while (!until()) {
      if (!(await step(limitMs - startMs))) return false
    }
    return true
  }
  return {
    ...createView(core, startMs).clock,
    idle: hop,
    advance: (ms) => advanceToElapsed(core.elapsedMs + ms),
    advanceTo: (atMs) => advanceToElapsed(atMs - startMs),
    runUntil,
    incarnation: (skewMs = 0) => createView(core, startMs + skewMs),
    waits: () => core.timers.size,
    wakeUps: () => core.wakeUps,
  }
}
