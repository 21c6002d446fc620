import { toArtelError } from '#core/errors'
import type { Action, Plan } from '#core/scheduling/action'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import type { Bell } from './bell.ts'
import type { TaskGroup } from './task-group.ts'

/** Carries out plans: one execution per key at a time, abortable, retried with growing waits. */
export type Executor = {
  /** Starts what is new and aborts what the plan leaves out. */
  readonly pursue: (plan: Plan) => void
  /** When an action that failed may be tried again. */
  readonly wakeAtMs: () => number | undefined
}

export type Execute = (action: Action, signal: AbortSignal) => Promise<void>

type Components = {
  readonly clock: Clock
  readonly log: Log
  readonly bell: Bell
  readonly tasks: TaskGroup
}

const firstDelayMs = 250
const delayMsMax = 30_000
/** Keys whose failures are remembered; older ones are forgotten with their plans. */
const failuresMax = 256

/** What has effects elsewhere is not torn down because a plan no longer names it: it ends by itself. */
const runsToItsEnd = new Set<Action['kind']>(['open', 'close', 'top-up', 'send-receipt', 'start'])

export const createExecutor = (
  { clock, log, bell, tasks }: Components,
  execute: Execute,
  mayEnd: (action: Action) => boolean,
): Executor => {
  const running = new Map<string, { readonly action: Action; readonly stop: AbortController }>()
  const failures = new Map<string, { readonly count: number; readonly retryAtMs: number }>()

  const note = (action: Action, caught: unknown): void => {
    const error = toArtelError(caught)
    const count = (failures.get(action.key)?.count ?? 0) + 1
    const delayMs = Math.min(delayMsMax, firstDelayMs * 2 ** Math.min(count - 1, 10))
    failures.set(action.key, { count, retryAtMs: clock.nowMs() + delayMs })
    const [oldest] = failures.keys()
    if (failures.size > failuresMax && oldest !== undefined) failures.delete(oldest)
    log.warn('an action failed and will be tried again', {
      action: action.key,
      code: error.code,
      reason: error.message,
      inMs: delayMs,
    })
  }
  const begin = (action: Action): void => {
    const stop = new AbortController()
    running.set(action.key, { action, stop })
    tasks.spawn(async (stopping) => {
      const signal = AbortSignal.any([stopping, stop.signal])
      try {
        await execute(action, signal)
        failures.delete(action.key)
      } catch (caught) {
        if (!signal.aborted) note(action, caught)
      } finally {
        running.delete(action.key)
        bell.ring()
      }
    })
  }
  return {
    pursue: ({ actions }) => {
      const wanted = new Set(actions.map((action) => action.key))
      for (const [key, { action, stop }] of running) {
        const ends = runsToItsEnd.has(action.kind) && !mayEnd(action)
        if (!wanted.has(key) && !ends) stop.abort()
      }
      const nowMs = clock.nowMs()
      for (const action of actions) {
        const retryAtMs = failures.get(action.key)?.retryAtMs ?? 0
        if (!running.has(action.key) && retryAtMs <= nowMs) begin(action)
      }
    },
    wakeAtMs: () => {
      const nowMs = clock.nowMs()
      const times = [...failures.values()].map((one) => one.retryAtMs).filter((at) => at > nowMs)
      return times.length === 0 ? undefined : Math.min(...times)
    },
  }
}
