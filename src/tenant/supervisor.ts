import { isOver } from '#core/deployment'
import { ArtelError } from '#core/errors'
import type { LeaseId } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import type { Action } from '#core/scheduling/action'
import { reconcile } from '#core/scheduling/reconcile'
import type { MarketSnapshot, Situation } from '#core/scheduling/situation'
import type { ActContext } from './acts/context.ts'
import { performAct } from './acts/perform.ts'
import { createExecutor, type Executor } from './executor.ts'
import type { TaskGroup } from './task-group.ts'

/** A loop that wakes so much later than it meant to has slept with its machine: nobody was silent. */
const sleptMs = 10_000
/** Decisions in a row without waiting, before it counts as a circle. */
const decisionsMax = 100

const leasesOnChain = ({ instance, parts }: ActContext): ReadonlyMap<LeaseId, LeaseRecord> => {
  const found = new Map<LeaseId, LeaseRecord>()
  for (const { deal } of instance.state().leases) {
    const lease = parts.follower.lease(deal.id)
    if (lease !== undefined) found.set(deal.id, lease)
  }
  return found
}

const observe = (context: ActContext, market: MarketSnapshot): Situation => {
  const { instance, parts, limits } = context
  const state = instance.state()
  const { run } = state
  return {
    observed: {
      state,
      chain: leasesOnChain(context),
      live: instance.live,
      inputReplayable: state.desired.service.run?.openStdin !== true || instance.stdin.replayable(),
      outputComplete:
        (run.status === 'running' || run.status === 'exited') &&
        instance.outputCompleteOf === run.lease,
    },
    market,
    nowMs: parts.clock.nowMs(),
    policy: limits.policy,
  }
}

/** The hosts' silence is counted from now: it was this machine that slept. */
const forgiveSilence = ({ instance, parts }: ActContext): void => {
  const heardAtMs = parts.clock.nowMs()
  for (const [lease, live] of instance.live) instance.live.set(lease, { ...live, heardAtMs })
}

/** A time that has passed wakes nobody: whatever was due then is under way and rings when it ends. */
const earliestAfter = (nowMs: number, times: readonly (number | undefined)[]): number | undefined =>
  times
    .filter((at) => at !== undefined)
    .filter((at) => at > nowMs)
    .reduce<number | undefined>((least, at) => Math.min(least ?? at, at), undefined)

const noticeFor = (action: Action): string | undefined => {
  if (action.kind !== 'record') return undefined
  const { event } = action
  return event.kind === 'host-lost' ? event.message : undefined
}

/** Plans and acts until the instance is over. */
const loop = async (
  context: ActContext,
  market: MarketSnapshot,
  executor: Executor,
  signal: AbortSignal,
): Promise<void> => {
  const { instance, parts, limits } = context
  const { clock } = parts
  let decisions = 0
  while (!isOver(instance.state())) {
    const plan = reconcile(observe(context, market))
    const decision = plan.actions.find((action) => action.kind === 'record')
    if (decision !== undefined) {
      decisions += 1
      if (decisions > decisionsMax) {
        throw new ArtelError('internal', `run ${instance.id} decides in a circle: ${decision.key}`)
      }
      const notice = noticeFor(decision)
      instance.record(decision.event)
      if (notice !== undefined) instance.hub.tell({ type: 'notice', message: notice })
      continue
    }
    decisions = 0
    instance.waitingFor = plan.waitingFor
    executor.pursue(plan)
    const wakeAtMs = earliestAfter(clock.nowMs(), [plan.wakeAtMs, executor.wakeAtMs()])
    const before = clock.nowMs()
    await instance.bell.wait(wakeAtMs, signal)
    const meant = Math.min(
      wakeAtMs ?? Number.POSITIVE_INFINITY,
      before + limits.policy.silenceMs * 2,
    )
    if (clock.nowMs() > meant + sleptMs) forgiveSilence(context)
  }
}

/**
 * Looks at the facts, plans, acts and waits, until the instance is over: its run has had the final word and
 * every lease is settled. Resumes whatever an earlier process journalled.
 */
export const supervise = async (
  context: ActContext,
  market: MarketSnapshot,
  tasks: TaskGroup,
): Promise<void> => {
  const { instance, parts } = context
  const { clock } = parts
  const log = parts.log.with({ run: instance.id })
  const isLost = (action: Action): boolean => {
    if (!('deal' in action)) return false
    const state = instance.state()
    if (action.kind === 'start' && state.exit !== undefined) return true
    return state.leases.some((use) => use.deal.id === action.deal.id && use.lost)
  }
  const executor = createExecutor(
    { clock, log, bell: instance.bell, tasks },
    (action, limit) => performAct(context, action, limit),
    (action) => action.kind !== 'open' && action.kind !== 'close' && isLost(action),
  )
  try {
    await loop(context, market, executor, tasks.signal)
  } finally {
    // What is over is not watched or followed any more.
    executor.pursue({ actions: [] })
  }
}
