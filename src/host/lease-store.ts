import { ArtelError } from '#core/errors'
import type { Hold } from '#core/host-capacity'
import type { LeaseId } from '#core/ids'
import type { Records } from '#ports/records'
import { type HostLease, hostLeaseSchema, hostTables } from '#protocol/host-records'
import { createNotice, type Notice } from './notice.ts'
import { createTable } from './table.ts'

/** The host's leases and bids: in memory for reading, on disk before a change returns. */
export type LeaseStore = {
  readonly get: (id: LeaseId) => HostLease | undefined
  /** In order of their ids. */
  readonly all: () => readonly HostLease[]
  readonly put: (lease: HostLease) => HostLease
  /** Throws 'not-found' when there is no such lease. */
  readonly update: (id: LeaseId, change: Partial<HostLease>) => HostLease
  readonly remove: (id: LeaseId) => void
  /** What leases and bids keep from others. */
  readonly holds: () => readonly Hold[]
  readonly notice: Notice
}

/** Whether a lease in this state keeps its resources from others. */
export const holdsResources = (lease: HostLease): boolean =>
  lease.state === 'bid' || lease.state === 'running' || lease.state === 'ending'

export const createLeaseStore = (records: Records): LeaseStore => {
  const table = createTable(records, hostTables.leases, hostLeaseSchema)
  const leases = new Map<LeaseId, HostLease>(table.all().map(({ row }) => [row.id, row]))
  const notice = createNotice()
  const all = (): readonly HostLease[] =>
    [...leases.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  const put = (lease: HostLease): HostLease => {
    records.transaction(() => table.put(lease.id, lease))
    leases.set(lease.id, lease)
    notice.notify()
    return lease
  }
  return {
    get: (id) => leases.get(id),
    all,
    put,
    update: (id, change) => {
      const lease = leases.get(id)
      if (lease === undefined) throw new ArtelError('not-found', `no lease ${id}`)
      return put({ ...lease, ...change })
    },
    remove: (id) => {
      records.transaction(() => table.delete(id))
      leases.delete(id)
      notice.notify()
    },
    holds: () =>
      all()
        .filter(holdsResources)
        .map((lease) => ({ resources: lease.requirements.resources, gpuIds: lease.gpuIds })),
    notice,
  }
}
