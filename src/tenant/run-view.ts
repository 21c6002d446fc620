import { currentLease, type DeploymentState, lastLease, placements } from '#core/deployment'
import { costOfDeployment } from '#core/deployment-cost'
import type { DeploymentEvent } from '#core/deployment-event'
import { formatAmount } from '#core/money'
import { nowSeconds } from '#ports/clock'
import type { RunEvent, RunView } from '#protocol/api/runs'
import type { Run } from './run-book.ts'

const statusOf = (state: DeploymentState): RunView['status'] => {
  if (state.exit !== undefined) return 'exited'
  if (state.run.status === 'running' || state.run.status === 'exited') return 'running'
  return currentLease(state)?.status === 'open' ? 'preparing' : 'placing'
}

const placeOf = (state: DeploymentState): Pick<RunView, 'host' | 'lease' | 'rate'> => {
  const use = lastLease(state)
  if (use === undefined) return {}
  return { host: use.deal.host, lease: use.deal.id, rate: use.deal.terms.rate }
}

/** A run as the API shows it. */
export const viewOfRun = ({ instance, entry, context }: Run): RunView => {
  const state = instance.state()
  const { follower, clock } = context.parts
  const spec = state.desired.service.run
  const status = statusOf(state)
  const waits = status === 'placing' || status === 'preparing' ? instance.waitingFor : undefined
  return {
    id: instance.id,
    name: entry.name,
    image: entry.imageName,
    command: [...(spec?.command ?? [])],
    labels: spec?.labels ?? {},
    tty: spec?.tty ?? false,
    openStdin: spec?.openStdin ?? false,
    resources: state.desired.service.requirements.resources,
    status,
    ...(waits === undefined ? {} : { detail: `waiting for ${waits}` }),
    createdAtMs: entry.createdAtMs,
    ...(state.startedAtMs === undefined ? {} : { startedAtMs: state.startedAtMs }),
    ...(state.exit === undefined ? {} : { exit: state.exit }),
    epoch: placements(state),
    ...placeOf(state),
    cost: costOfDeployment(state, follower.lease, nowSeconds(clock)),
    outputs: (spec?.outputs ?? []).map((path, index) => {
      const fetched = state.outputs?.[index]
      const blob = fetched?.blob
      return { path, bytes: fetched?.bytes ?? 0, ...(blob === undefined ? {} : { blob }) }
    }),
  }
}

/** What an event says to a person. */
const wordsOf = (event: DeploymentEvent, money: (amount: bigint) => string): string => {
  switch (event.kind) {
    case 'created':
      return 'created'
    case 'opening':
      return `host ${event.deal.host.address} chosen, deposit ${money(event.deal.deposit)}`
    case 'adopted':
      return `uses the open lease ${event.deal.id} with host ${event.deal.host.address}`
    case 'open-failed':
    case 'place-failed':
    case 'host-lost':
      return event.message
    case 'opened':
      return `lease ${event.lease} opened`
    case 'run-created':
      return 'container created'
    case 'run-started':
      return 'container started'
    case 'run-exited':
    case 'finished': {
      const { exitCode, reason } = event.exit
      const what = event.kind === 'finished' ? 'finished' : 'container exited'
      return `${what} with ${exitCode}${reason === undefined ? '' : ` (${reason})`}`
    }
    case 'output-mapped':
      return `output of lease ${event.lease} from byte ${event.hostOffset}`
    case 'outputs-fetched':
      return `${event.outputs.length} outputs fetched`
    case 'topped-up':
      return `deposit raised by ${money(event.amount)}`
    case 'stop-requested':
      return event.reason === 'timeout' ? 'stopped after its timeout' : 'stop requested'
    case 'kept':
      return `lease ${event.lease} kept for the next run`
    case 'handed-over':
      return `lease ${event.lease} handed to the next run`
    case 'closing':
      return `closing lease ${event.lease}`
    case 'closed':
      return `lease ${event.lease} closed, paid ${money(event.paid ?? 0n)}`
  }
}

const messageCharsMax = 4096

/** The run's history for `inspect`. */
export const eventsOfRun = ({ instance, context }: Run): RunEvent[] => {
  const { symbol, decimals } = context.parts.chain.info.tokenInfo
  const money = (amount: bigint) => `${formatAmount(amount, decimals)} ${symbol}`
  return instance.history().map((event) => ({
    atMs: event.atMs,
    kind: event.kind,
    message: wordsOf(event, money).slice(0, messageCharsMax),
  }))
}
