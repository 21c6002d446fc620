import type { DeploymentState, PlacementFailure } from '#core/deployment'
import { type LeaseId, zeroHash } from '#core/ids'
import type { RunExit } from '#core/run'
import { type Plan, record } from './action.ts'
import type { SupervisionPolicy } from './policy.ts'
import type { Situation } from './situation.ts'

/** Failures that another host would not mend. */
const terminal = new Set<PlacementFailure['code']>([
  'balance',
  'gas',
  'wrong-chain',
  'bad-request',
  'image-not-found',
  'image-platform',
])

/** The epoch after the last one that reached the chain, and the lease that it succeeds. */
export const nextEpoch = (state: DeploymentState): { epoch: number; previous: LeaseId } => {
  const last = state.leases.findLast(
    ({ deal, status }) =>
      deal.terms.deployment === state.desired.deployment &&
      status !== 'failed' &&
      status !== 'opening',
  )
  if (last === undefined) return { epoch: 1, previous: zeroHash }
  return { epoch: last.deal.terms.epoch + 1, previous: last.deal.id }
}

const recent = (state: DeploymentState, { nowMs, policy }: Situation) =>
  state.failures.filter((failure) => nowMs - failure.atMs < policy.failureWindowMs)

/** Hosts to leave alone for now: each for a time that doubles with its failures. */
export const hostsToAvoid = (state: DeploymentState, situation: Situation): Set<string> => {
  const { nowMs, policy } = situation
  const counts = new Map<string, { count: number; atMs: number }>()
  for (const { host, atMs } of recent(state, situation)) {
    if (host === undefined) continue
    counts.set(host, { count: (counts.get(host)?.count ?? 0) + 1, atMs })
  }
  const avoided = [...counts].filter(
    ([, { count, atMs }]) => nowMs - atMs < policy.avoidMs * 2 ** Math.min(count - 1, 10),
  )
  return new Set(avoided.map(([host]) => host))
}

const firstDelayMs = 250
const delayMsMax = 30_000

/** When the next attempt may begin: the first is free, then twice as long after every failure. */
export const retryAtMs = (failures: readonly PlacementFailure[]): number => {
  const last = failures.at(-1)
  if (last === undefined || failures.length < 2) return 0
  return last.atMs + Math.min(delayMsMax, firstDelayMs * 2 ** Math.min(failures.length - 2, 10))
}

const finish = (exit: RunExit): Plan => ({
  actions: [record('finish', { kind: 'finished', exit })],
})

const surrender = (
  state: DeploymentState,
  situation: Situation,
): Omit<RunExit, 'finishedAtMs'> | undefined => {
  const last = state.failures.at(-1)
  if (last === undefined) return undefined
  const hint = last.hint === undefined ? {} : { hint: last.hint }
  const exit = { exitCode: 125, reason: last.code, ...hint }
  if (terminal.has(last.code)) return { ...exit, message: last.message }
  if (state.startedAtMs !== undefined) {
    if (state.desired.service.restart === 'no') return { ...exit, message: last.message }
    if (!situation.observed.inputReplayable) {
      const message = `${last.message}; its standard input cannot be sent again`
      return { ...exit, message }
    }
  }
  const failures = recent(state, situation)
  if (failures.length < situation.policy.failuresMax) return undefined
  return { ...exit, message: `${last.message} (after ${failures.length} attempts)` }
}

const waitForHosts = (state: DeploymentState, nowMs: number, policy: SupervisionPolicy): Plan => {
  const sinceMs = Math.max(state.createdAtMs, state.failures.at(-1)?.atMs ?? 0)
  const patienceMs = state.startedAtMs === undefined ? policy.firstPatienceMs : policy.patienceMs
  if (nowMs < sinceMs + patienceMs) {
    return { actions: [], wakeAtMs: sinceMs + patienceMs, waitingFor: 'a host that fits' }
  }
  const last = state.failures.at(-1)
  const before = last === undefined ? '' : `; the last one: ${last.message}`
  const message = `no further host fits${before}`
  const hint = last?.hint ?? 'See what there is with `artel market`.'
  return finish({ exitCode: 125, finishedAtMs: nowMs, reason: 'no-match', message, hint })
}

/** No lease: find one, or say why not. */
export const planPlacing = (situation: Situation): Plan => {
  const { observed, market, nowMs, policy } = situation
  const { state } = observed
  if (state.stop !== undefined) {
    const exitCode = state.desired.service.run === undefined ? 0 : 137
    return finish({ exitCode, finishedAtMs: nowMs, reason: 'killed' })
  }
  const exit = surrender(state, situation)
  if (exit !== undefined) return finish({ ...exit, finishedAtMs: nowMs })
  const at = retryAtMs(recent(state, situation))
  if (nowMs < at) return { actions: [], wakeAtMs: at, waitingFor: 'the next attempt' }
  const candidates = market.candidates(hostsToAvoid(state, situation)).slice(0, policy.bidders)
  if (candidates.length === 0) return waitForHosts(state, nowMs, policy)
  const next = nextEpoch(state)
  const key = `place:${next.epoch}:${state.failures.at(-1)?.atMs ?? 0}`
  return { actions: [{ kind: 'place', key, ...next, candidates }], waitingFor: 'bids' }
}
