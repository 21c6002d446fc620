import type { DeploymentState, LeaseUse } from '#core/deployment'
import { exhausted } from '#core/lease'
import { costOf, rateScale } from '#core/money'
import type { RunExit } from '#core/run'
import { type Action, merge, type Plan, record } from './action.ts'
import { healthOf } from './lease-health.ts'
import { type Situation, secondsOf } from './situation.ts'

const finish = (exit: RunExit): Plan => ({
  actions: [record('finish', { kind: 'finished', exit })],
})

const lose = (use: LeaseUse, message: string): Plan => ({
  actions: [
    record(`lose:${use.deal.id}`, {
      kind: 'host-lost',
      lease: use.deal.id,
      code: 'host-lost',
      message: `host ${use.deal.host.address} lost: ${message}`,
    }),
  ],
})

/** A receipt when one is due; more money when the deposit runs low and the run may still need it. */
export const planMoney = (situation: Situation, use: LeaseUse): Plan => {
  const { observed, nowMs, policy } = situation
  const { deal } = use
  const now = secondsOf(nowMs)
  const lease = observed.chain.get(deal.id)
  if (lease === undefined) return { actions: [] }
  const actions: Action[] = []
  const acknowledged = observed.live.get(deal.id)?.receiptUntilSeconds ?? 0
  const receiptAt = Math.max(acknowledged, lease.opened) + policy.receiptEverySeconds
  if (now >= receiptAt) {
    const key = `receipt:${deal.id}:${acknowledged}`
    actions.push({ kind: 'send-receipt', key, deal, untilSeconds: now })
  }
  const topUpAt = topUpTime(situation, use)
  if (now >= topUpAt) {
    const amount = costOf(deal.terms.rate, wantedSeconds(situation))
    const key = `top-up:${deal.id}:${lease.deposit}`
    actions.push({ kind: 'top-up', key, deal, amount })
  }
  const next = [receiptAt, topUpAt].filter((at) => at > now && at < Number.POSITIVE_INFINITY)
  return next.length === 0 ? { actions } : { actions, wakeAtMs: Math.min(...next) * 1000 }
}

/** For how much longer the run may need its lease, at most one deposit's worth. */
const wantedSeconds = ({ observed, nowMs, policy }: Situation): number => {
  const { run, desired } = observed.state
  const timeout = desired.service.run?.timeoutSeconds
  if (timeout === undefined) return policy.depositSeconds
  const startedAtMs = run.status === 'running' ? run.startedAtMs : nowMs
  const left = Math.ceil((startedAtMs - nowMs) / 1000 + timeout) + 60
  return Math.max(0, Math.min(policy.depositSeconds, left))
}

/** A run that goes on needs its lease, and for a while one that has ended but has outputs to bring home. */
const mayNeedTime = ({ observed, nowMs, policy }: Situation): boolean => {
  const { run, outputs, desired } = observed.state
  if (run.status !== 'exited') return true
  const wantsOutputs = (desired.service.run?.outputs.length ?? 0) > 0 && outputs === undefined
  return wantsOutputs && nowMs < run.exit.finishedAtMs + policy.depositSeconds * 1000
}

const topUpTime = (situation: Situation, use: LeaseUse): number => {
  const { observed, nowMs, policy } = situation
  const lease = observed.chain.get(use.deal.id)
  const { rate } = use.deal.terms
  const needless = observed.state.exit !== undefined || !mayNeedTime(situation)
  if (lease === undefined || rate === 0n || needless) return Number.POSITIVE_INFINITY
  const granted = Number((lease.deposit * rateScale) / rate)
  const at = exhausted(lease) - Math.floor(Math.min(policy.topUpBeforeSeconds, granted / 4))
  const left = exhausted(lease) - secondsOf(nowMs)
  const timed = observed.state.desired.service.run?.timeoutSeconds !== undefined
  return timed && left >= wantedSeconds(situation) - 30 ? Number.POSITIVE_INFINITY : at
}

const lastMessage = (state: DeploymentState): RunExit | undefined =>
  state.run.status === 'exited' ? state.run.exit : undefined

/** Ends without a start: there is neither output nor anything else to bring home. */
const neverStarted = new Set<RunExit['reason']>([
  'command-not-found',
  'not-executable',
  'image-not-found',
  'image-platform',
  'bad-request',
  'too-large',
])

const planExited = (situation: Situation, use: LeaseUse, exit: RunExit): Plan => {
  const { observed } = situation
  const { deal } = use
  if (neverStarted.has(exit.reason)) return finish(exit)
  const wantsOutputs = (observed.state.desired.service.run?.outputs.length ?? 0) > 0
  const actions: Action[] = [{ kind: 'watch', key: `watch:${deal.id}`, deal }]
  if (!observed.outputComplete) {
    actions.push({ kind: 'follow', key: `follow:${deal.id}`, deal })
  }
  if (wantsOutputs && observed.state.outputs === undefined) {
    actions.push({ kind: 'fetch-outputs', key: `outputs:${deal.id}`, deal })
  }
  if (actions.length > 1) return { actions, waitingFor: 'the output' }
  return finish(exit)
}

const planTimeout = ({ observed, nowMs, policy }: Situation, use: LeaseUse): Plan => {
  const { run, desired, stop } = observed.state
  const timeout = desired.service.run?.timeoutSeconds
  if (run.status !== 'running' || timeout === undefined || stop !== undefined) {
    return { actions: [] }
  }
  const atMs = run.startedAtMs + timeout * 1000 + policy.timeoutGraceMs
  if (nowMs < atMs) return { actions: [], wakeAtMs: atMs }
  const graceSeconds = desired.service.run?.stopGraceSeconds ?? 0
  const event = { kind: 'stop-requested', reason: 'timeout', graceSeconds } as const
  return { actions: [record(`timeout:${use.deal.id}`, event)] }
}

const planContainer = (situation: Situation, use: LeaseUse): Plan => {
  const { state } = situation.observed
  const { deal } = use
  const watch: Action = { kind: 'watch', key: `watch:${deal.id}`, deal }
  if (state.desired.service.run === undefined) return { actions: [watch] }
  if (state.run.status === 'exited') return planExited(situation, use, state.run.exit)
  if (state.run.status !== 'running') {
    const start: Action = { kind: 'start', key: `start:${deal.id}`, deal }
    return { actions: [watch, start], waitingFor: 'the container' }
  }
  const actions: Action[] = [watch]
  if (!situation.observed.outputComplete) {
    actions.push({ kind: 'follow', key: `follow:${deal.id}`, deal })
  }
  if (state.stop !== undefined) {
    const { graceSeconds, atMs } = state.stop
    actions.push({ kind: 'stop', key: `stop:${deal.id}:${atMs}`, deal, graceSeconds })
  }
  return merge({ actions }, planTimeout(situation, use))
}

/** A lease is there or on its way: serve the run under it until it has ended or the host is gone. */
export const planServing = (situation: Situation, use: LeaseUse): Plan => {
  const { state } = situation.observed
  const { nowMs, policy } = situation
  const { deal } = use
  if (state.stop !== undefined && state.run.status !== 'running' && state.run.status !== 'exited') {
    const exitCode = state.desired.service.run === undefined ? 0 : 137
    return finish({ exitCode, finishedAtMs: nowMs, reason: 'killed' })
  }
  if (use.status === 'opening') {
    return { actions: [{ kind: 'open', key: `open:${deal.id}`, deal }], waitingFor: 'the lease' }
  }
  const health = healthOf(situation, use)
  if (health.kind === 'well') {
    const live = situation.observed.live.get(deal.id)
    const heardBy = live === undefined ? {} : { wakeAtMs: live.heardAtMs + policy.silenceMs }
    const duties = merge(planMoney(situation, use), { actions: [], ...heardBy })
    return merge(planContainer(situation, use), duties)
  }
  const said = lastMessage(state)
  const outputsMissing =
    (state.desired.service.run?.outputs.length ?? 0) > 0 && state.outputs === undefined
  if (said !== undefined && !outputsMissing) return finish(said)
  if (health.kind === 'exhausted' && state.desired.service.run !== undefined) {
    const message =
      deal.terms.rate === 0n
        ? 'the time that the free lease was agreed for is over'
        : 'the deposit ran out and the balance did not cover more'
    return finish({ exitCode: 137, finishedAtMs: nowMs, reason: 'lease-ended', message })
  }
  if (health.kind === 'exhausted') return lose(use, 'the deposit ran out')
  return lose(use, health.kind === 'quit' ? 'it ended the lease' : health.message)
}
