import {
  type DeploymentState,
  failuresMax,
  type LeaseDeal,
  type LeaseUse,
  type PlacementFailure,
} from './deployment.ts'
import type { DeploymentEvent } from './deployment-event.ts'
import type { LeaseId } from './ids.ts'

type Event<Kind extends DeploymentEvent['kind']> = Extract<DeploymentEvent, { kind: Kind }>

const withLease = (
  state: DeploymentState,
  id: LeaseId,
  change: (use: LeaseUse) => LeaseUse,
): DeploymentState => ({
  ...state,
  leases: state.leases.map((use) => (use.deal.id === id ? change(use) : use)),
})

const withStatus = (
  state: DeploymentState,
  id: LeaseId,
  status: LeaseUse['status'],
): DeploymentState => withLease(state, id, (use) => ({ ...use, status }))

const addLease = (
  state: DeploymentState,
  deal: LeaseDeal,
  rest: Omit<LeaseUse, 'deal' | 'lost'>,
) =>
  state.leases.some((use) => use.deal.id === deal.id)
    ? state
    : { ...state, leases: [...state.leases, { deal, lost: false, ...rest }] }

const failed = (state: DeploymentState, failure: PlacementFailure): DeploymentState => ({
  ...state,
  failures: [...state.failures, failure].slice(-failuresMax),
})

const hostOf = (state: DeploymentState, id: LeaseId) =>
  state.leases.find((use) => use.deal.id === id)?.deal.host.address

const failureOf = (
  event: Event<'open-failed' | 'place-failed' | 'host-lost'>,
  host: PlacementFailure['host'],
): PlacementFailure => ({
  atMs: event.atMs,
  code: event.code,
  message: event.message,
  ...(event.hint === undefined ? {} : { hint: event.hint }),
  ...(host === undefined ? {} : { host }),
})

const hostLost = (state: DeploymentState, event: Event<'host-lost'>): DeploymentState => {
  const lost = withLease(state, event.lease, (use) => ({ ...use, lost: true }))
  return failed(
    { ...lost, run: { status: 'absent' } },
    failureOf(event, hostOf(state, event.lease)),
  )
}

const started = (state: DeploymentState, event: Event<'run-started'>): DeploymentState => ({
  ...state,
  startedAtMs: state.startedAtMs ?? event.startedAtMs,
  run: { status: 'running', lease: event.lease, startedAtMs: event.startedAtMs },
})

const exited = (state: DeploymentState, event: Event<'run-exited'>): DeploymentState => {
  const startedAtMs =
    event.startedAtMs ?? (state.run.status === 'running' ? state.run.startedAtMs : undefined)
  const since = startedAtMs === undefined ? {} : { startedAtMs }
  return {
    ...since,
    ...state,
    run: { status: 'exited', lease: event.lease, exit: event.exit, ...since },
  }
}

const closed = (state: DeploymentState, event: Event<'closed'>): DeploymentState =>
  withLease(state, event.lease, (use) => ({
    ...use,
    status: 'closed',
    ...(event.paid === undefined ? {} : { paid: event.paid }),
  }))

/** The beginning of a deployment's state, from its first event. */
export const beginDeployment = (event: Event<'created'>): DeploymentState => ({
  desired: event.desired,
  createdAtMs: event.atMs,
  leases: [],
  run: { status: 'absent' },
  failures: [],
})

/** The state after `event`. Repeating an event, or one about an unknown lease, changes no lease. */
export const foldDeployment = (state: DeploymentState, event: DeploymentEvent): DeploymentState => {
  switch (event.kind) {
    case 'created':
      return state
    case 'opening':
      return addLease(state, event.deal, { status: 'opening' })
    case 'adopted':
      return addLease(state, event.deal, { status: 'open', fromSeconds: event.fromSeconds })
    case 'open-failed':
      return failed(withStatus(state, event.lease, 'failed'), failureOf(event, event.host))
    case 'opened':
      return withStatus(state, event.lease, 'open')
    case 'place-failed':
      return failed(state, failureOf(event, event.host))
    case 'run-created':
      return { ...state, run: { status: 'created', lease: event.lease } }
    case 'run-started':
      return started(state, event)
    case 'run-exited':
      return exited(state, event)
    case 'output-mapped': {
      const { lease, hostOffset, spoolOffset } = event
      return { ...state, output: { lease, hostOffset, spoolOffset } }
    }
    case 'outputs-fetched':
      return { ...state, outputs: event.outputs }
    case 'host-lost':
      return hostLost(state, event)
    case 'topped-up':
      return state
    case 'stop-requested': {
      const { atMs, graceSeconds, reason } = event
      return { ...state, stop: { atMs, graceSeconds, reason } }
    }
    case 'finished':
      return { ...state, exit: event.exit }
    case 'kept':
      return { ...state, keptUntilMs: event.untilMs }
    case 'handed-over':
      return withLease(state, event.lease, (use) => ({
        ...use,
        status: 'handed-over',
        untilSeconds: event.untilSeconds,
      }))
    case 'closing':
      return withStatus(state, event.lease, 'closing')
    case 'closed':
      return closed(state, event)
  }
}
