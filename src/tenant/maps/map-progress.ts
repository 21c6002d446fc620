import type { DeploymentState, HostIdentity } from '#core/deployment'
import { costOfUse } from '#core/deployment-cost'
import type { LeaseId, RunId } from '#core/ids'
import { noTokens, type Rate, type TokenAmount } from '#core/money'
import { type Clock, nowSeconds } from '#ports/clock'
import type { MapEvent, MapView, TaskView } from '#protocol/api/runs'
import type { MapEntry, TaskEntry } from '#protocol/tenant-records'
import type { Follower } from '#tenant/ledger-ports'
import { createMailbox, type Mailbox } from '#tenant/mailbox'
import { type mapStore, stretchTasks } from './map-store.ts'

/** What one lease did for the map. */
export type HostShare = {
  readonly host: HostIdentity
  readonly lease: LeaseId
  readonly rate: Rate
  tasks: number
  busyMs: number
  /** What the lease cost, once it is closed. */
  paid?: TokenAmount
}

/** A map as this process knows it: what is told of it, and what is written down. */
export type MapProgress = {
  readonly id: RunId
  readonly view: () => MapView
  readonly tasks: () => readonly TaskView[]
  readonly task: (index: number) => TaskEntry | undefined
  readonly setTask: (index: number, change: Partial<TaskEntry>) => void
  readonly share: (lease: LeaseId, host: HostIdentity, rate: Rate) => HostShare
  /** Writes down what the closed leases of a slot cost: the follower forgets them in time. */
  readonly bill: (slot: DeploymentState) => void
  /** Marks the map as removed: it stays written down only until its leases are closed. */
  readonly markRemoved: () => void
  readonly notice: (message: string) => void
  readonly setStatus: (status: MapView['status'], message?: string) => void
  readonly isOver: () => boolean
  readonly entry: () => MapEntry
  readonly setRetried: (count: number) => void
  /** Writes down what changed since the last time. */
  readonly flush: () => void
  readonly listen: (signal: AbortSignal) => AsyncIterable<MapEvent>
  /** Tells the counts to whoever listens. */
  readonly tell: () => void
}

type Components = {
  readonly clock: Clock
  readonly follower: Pick<Follower, 'lease'>
  readonly store: ReturnType<typeof mapStore>
}

/** A reader that is so far behind gets the counts, no longer every task. */
const eventsMax = 10_000

export const taskView = (entry: TaskEntry, index: number): TaskView => ({ index, ...entry })

const countsOf = (tasks: readonly TaskEntry[]): { done: number; failed: number } => {
  let done = 0
  let failed = 0
  for (const { status } of tasks) {
    if (status === 'done') done += 1
    if (status === 'failed') failed += 1
  }
  return { done, failed }
}

const viewOf = (
  id: RunId,
  entry: MapEntry,
  counts: { readonly done: number; readonly failed: number },
  shares: readonly HostShare[],
  costOf: (share: HostShare) => TokenAmount,
): MapView => ({
  id,
  status: entry.status,
  image: entry.image,
  createdAtMs: entry.createdAtMs,
  ...(entry.finishedAtMs === undefined ? {} : { finishedAtMs: entry.finishedAtMs }),
  total: entry.total,
  ...counts,
  retried: entry.retried,
  ...(entry.message === undefined ? {} : { message: entry.message }),
  hosts: shares.map((share) => {
    const { paid: _, ...shown } = share
    return { ...shown, cost: costOf(share) }
  }),
})

async function* listen(
  view: () => MapView,
  isOver: () => boolean,
  readers: Set<Mailbox<MapEvent>>,
  signal: AbortSignal,
): AsyncGenerator<MapEvent> {
  const mailbox = createMailbox<MapEvent>(eventsMax)
  mailbox.urge({ map: view() })
  if (isOver()) mailbox.close()
  else readers.add(mailbox)
  const onAbort = () => mailbox.close(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    yield* mailbox
  } finally {
    signal.removeEventListener('abort', onAbort)
    readers.delete(mailbox)
  }
}

export const createMapProgress = (
  { clock, follower, store }: Components,
  id: RunId,
  begun: MapEntry,
  tasks: TaskEntry[],
): MapProgress => {
  let entry = begun
  const counts = countsOf(tasks)
  const shares = new Map<LeaseId, HostShare>(
    begun.hosts.map((share) => [share.lease, { ...share }]),
  )
  const readers = new Set<Mailbox<MapEvent>>()
  const dirty = new Set<number>()

  const isOver = (): boolean => entry.status !== 'placing' && entry.status !== 'running'
  const costOf = ({ lease, paid }: HostShare) => {
    const record = follower.lease(lease)
    if (paid !== undefined && record?.status !== 'settled') return paid
    return record === undefined ? noTokens : costOfUse(undefined, record, nowSeconds(clock))
  }
  const view = (): MapView => viewOf(id, entry, counts, [...shares.values()], costOf)
  const tell = (event: MapEvent): void => {
    for (const reader of readers) {
      if (!('task' in event) || reader.size() < eventsMax) reader.urge(event)
    }
  }
  const flush = (): void => {
    store.putStretches(id, tasks, dirty)
    dirty.clear()
    entry = { ...entry, hosts: [...shares.values()].map((share) => ({ ...share })) }
    store.put(id, entry)
  }
  const setTask = (index: number, change: Partial<TaskEntry>): void => {
    const before = tasks[index]
    if (before === undefined) return
    const after = { ...before, ...change }
    tasks[index] = after
    dirty.add(Math.floor(index / stretchTasks))
    if (after.status === before.status) return
    if (after.status === 'done') counts.done += 1
    if (after.status === 'failed') counts.failed += 1
    if (after.status !== 'running') tell({ task: taskView(after, index) })
  }
  const setStatus = (status: MapView['status'], message?: string): void => {
    if (isOver()) return
    entry = { ...entry, status, ...(message === undefined ? {} : { message }) }
    if (isOver()) entry = { ...entry, finishedAtMs: clock.nowMs() }
    tell({ map: view() })
    if (isOver()) {
      for (const reader of readers) reader.close()
      readers.clear()
    }
    // Last, as it may fail: nobody is to wait for what has happened.
    flush()
  }
  return {
    id,
    view,
    tasks: () => tasks.map(taskView),
    task: (index) => tasks[index],
    setTask,
    share: (lease, host, rate) => {
      const share = shares.get(lease) ?? { host, lease, rate, tasks: 0, busyMs: 0 }
      shares.set(lease, share)
      return share
    },
    bill: ({ leases }) => {
      for (const { deal, paid } of leases) {
        const share = shares.get(deal.id)
        if (share !== undefined && paid !== undefined) share.paid = paid
      }
      flush()
    },
    markRemoved: () => {
      entry = { ...entry, removed: true }
      flush()
    },
    notice: (message) => tell({ notice: message }),
    setStatus,
    isOver,
    entry: () => entry,
    setRetried: (retried) => {
      entry = { ...entry, retried }
    },
    flush,
    listen: (signal) => listen(view, isOver, readers, signal),
    tell: () => tell({ map: view() }),
  }
}
