import { currentLease, type LeaseUse } from '#core/deployment'
import { type Action, merge, type Plan, record } from './action.ts'
import { healthOf } from './lease-health.ts'
import { planMoney } from './reconcile-serving.ts'
import type { Situation } from './situation.ts'

const nothing: Plan = { actions: [] }

const close = ({ deal }: LeaseUse): Plan => ({
  actions: [{ kind: 'close', key: `close:${deal.id}`, deal }],
})

/** A deal whose open may have reached the chain is resolved first, then closed. */
const resolve = ({ deal }: LeaseUse): Plan => ({
  actions: [{ kind: 'open', key: `open:${deal.id}`, deal }],
})

/** Leases that no longer serve the instance while it goes on elsewhere. */
export const planOldLeases = (situation: Situation): Plan => {
  const { state } = situation.observed
  const current = currentLease(state)
  return state.leases
    .filter((use) => use !== current)
    .map((use) => {
      if (use.status === 'opening') return resolve(use)
      return use.status === 'open' || use.status === 'closing' ? close(use) : nothing
    })
    .reduce(merge, nothing)
}

/** Whether the lease may wait for the next run instead of being closed. */
const planKeeping = (situation: Situation, use: LeaseUse): Plan => {
  const { state } = situation.observed
  const { nowMs, policy } = situation
  const { deal } = use
  const untilMs = state.keptUntilMs ?? nowMs + state.desired.keepSeconds * 1000
  if (nowMs >= untilMs || use.lost || healthOf(situation, use).kind !== 'well') return close(use)
  if (state.keptUntilMs === undefined) {
    return { actions: [record(`keep:${deal.id}`, { kind: 'kept', lease: deal.id, untilMs })] }
  }
  const watch: Action = { kind: 'watch', key: `watch:${deal.id}`, deal }
  const heardAtMs = situation.observed.live.get(deal.id)?.heardAtMs ?? nowMs
  const wakeAtMs = Math.min(untilMs, heardAtMs + policy.silenceMs)
  return merge({ actions: [watch], wakeAtMs }, planMoney(situation, use))
}

const servedWell = ({ observed }: Situation, use: LeaseUse): boolean => {
  const { run } = observed.state
  return run.status === 'exited' && run.lease === use.deal.id
}

/** The run has had its final word: settle every lease, or keep the last for the next run. */
export const planEnding = (situation: Situation): Plan =>
  situation.observed.state.leases
    .map((use) => {
      if (use.status === 'opening') return resolve(use)
      if (use.status === 'closing') return close(use)
      if (use.status !== 'open') return nothing
      const keeps = situation.observed.state.desired.keepSeconds > 0
      return keeps && servedWell(situation, use) ? planKeeping(situation, use) : close(use)
    })
    .reduce(merge, nothing)
