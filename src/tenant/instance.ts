import type { DeploymentState } from '#core/deployment'
import type { DeploymentEvent } from '#core/deployment-event'
import { beginDeployment, foldDeployment } from '#core/deployment-fold'
import { ArtelError } from '#core/errors'
import type { LeaseId, RunId } from '#core/ids'
import type { TokenAmount } from '#core/money'
import type { Liveness } from '#core/scheduling/situation'
import type { Clock } from '#ports/clock'
import type { Records } from '#ports/records'
import { deploymentEventCodec } from '#protocol/tenant-records'
import { type Bell, createBell } from './bell.ts'
import { createHub, type Hub } from './hub.ts'
import { createStdinBuffer, type StdinBuffer } from './stdin-buffer.ts'

/** Distributes `Omit` over a union. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
export type NewEvent = Without<DeploymentEvent, 'atMs'>

/** One instance under supervision: its journal, folded, and what this process knows of it. */
export type Instance = {
  readonly id: RunId
  readonly state: () => DeploymentState
  /** Journals and folds; on disk when it returns. */
  readonly record: (event: NewEvent) => void
  /** Oldest first. */
  readonly history: () => readonly DeploymentEvent[]
  readonly live: Map<LeaseId, Liveness>
  readonly bell: Bell
  readonly hub: Hub
  readonly stdin: StdinBuffer
  /** The lease whose container's output is here to the last byte. */
  outputCompleteOf: LeaseId | undefined
  /** The newest top-up: what its key stands for, and how often the chain refused it. */
  topUp:
    | { readonly key: string; readonly refusals: number; readonly amount?: TokenAmount }
    | undefined
  /** In words for a person. */
  waitingFor: string | undefined
}

type Components = { readonly records: Records; readonly clock: Clock }

const journalOf = (id: RunId): string => `run/${id}`
const pageEntries = 1000

/** Writes the first events of a new instance; call it inside the transaction that lists the run. */
export const beginJournal = (
  { records, clock }: Components,
  id: RunId,
  events: readonly NewEvent[],
): void => {
  const atMs = clock.nowMs()
  for (const event of events) {
    records.append(journalOf(id), deploymentEventCodec.encode({ ...event, atMs }))
  }
}

const readJournal = (records: Records, id: RunId): DeploymentEvent[] => {
  const events: DeploymentEvent[] = []
  for (let from = 1; ; from += pageEntries) {
    const page = records.read(journalOf(id), from, pageEntries)
    events.push(
      ...page.map(({ value, sequence }) =>
        deploymentEventCodec.decode(value, `${journalOf(id)}/${sequence}`),
      ),
    )
    if (page.length < pageEntries) return events
  }
}

/** Whether anything of the instance is written down. */
export const hasJournal = (records: Records, id: RunId): boolean =>
  records.read(journalOf(id), 1, 1).length > 0

/** Forgets the journal. */
export const dropJournal = (records: Records, id: RunId): void =>
  records.trim(journalOf(id), Number.MAX_SAFE_INTEGER)

/** The instance as its journal tells. Throws 'corrupt' when the journal does not begin with `created`. */
export const openInstance = ({ records, clock }: Components, id: RunId): Instance => {
  const [first, ...rest] = readJournal(records, id)
  if (first?.kind !== 'created') {
    throw new ArtelError('corrupt', `the journal of run ${id} does not begin with its creation`)
  }
  let state = rest.reduce(foldDeployment, beginDeployment(first))
  const bell = createBell(clock)
  const hub = createHub()
  return {
    id,
    state: () => state,
    record: (event) => {
      const stamped = { ...event, atMs: clock.nowMs() }
      records.transaction(() => records.append(journalOf(id), deploymentEventCodec.encode(stamped)))
      state = foldDeployment(state, stamped)
      bell.ring()
      hub.changed()
    },
    history: () => readJournal(records, id),
    live: new Map(),
    bell,
    hub,
    stdin: createStdinBuffer(state.startedAtMs !== undefined),
    outputCompleteOf: undefined,
    topUp: undefined,
    waitingFor: undefined,
  }
}
