import { ArtelError } from '#core/errors'
import type { LeaseId, RunId } from '#core/ids'
import type { Records } from '#ports/records'
import { type HostRun, hostRunSchema, hostTables } from '#protocol/host-records'
import { createNotice, type Notice } from './notice.ts'
import { createTable } from './table.ts'

/** The runs of all leases: in memory for reading, on disk before a change returns. */
export type RunStore = {
  readonly get: (lease: LeaseId, run: RunId) => HostRun | undefined
  readonly ofLease: (lease: LeaseId) => readonly HostRun[]
  readonly all: () => readonly HostRun[]
  readonly put: (run: HostRun) => HostRun
  /** Like `put`, but a crash may forget it and nobody is woken: for what is only a little worse when older. */
  readonly putLazily: (run: HostRun) => HostRun
  readonly remove: (lease: LeaseId, run: RunId) => void
  readonly notice: Notice
}

const keyOf = (lease: LeaseId, run: RunId): string => `${lease}/${run}`

export const createRunStore = (records: Records): RunStore => {
  const table = createTable(records, hostTables.runs, hostRunSchema)
  const runs = new Map<string, HostRun>(table.all().map(({ key, row }) => [key, row]))
  const notice = createNotice()
  const all = (): readonly HostRun[] =>
    [...runs.values()].sort((a, b) => a.createdAtMs - b.createdAtMs || (a.run < b.run ? -1 : 1))
  const putLazily = (run: HostRun): HostRun => {
    const key = keyOf(run.lease, run.run)
    table.put(key, run)
    runs.set(key, run)
    return run
  }
  return {
    get: (lease, run) => runs.get(keyOf(lease, run)),
    ofLease: (lease) => all().filter((run) => run.lease === lease),
    all,
    put: (run) => {
      records.transaction(() => putLazily(run))
      notice.notify()
      return run
    },
    putLazily,
    remove: (lease, run) => {
      records.transaction(() => table.delete(keyOf(lease, run)))
      runs.delete(keyOf(lease, run))
      notice.notify()
    },
    notice,
  }
}

/** The run, or 'not-found'. */
export const expectRun = (store: RunStore, lease: LeaseId, run: RunId): HostRun => {
  const found = store.get(lease, run)
  if (found === undefined) throw new ArtelError('not-found', `no run ${run} on this lease`)
  return found
}
