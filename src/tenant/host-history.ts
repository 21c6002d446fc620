import { type Address, type LeaseId, parseAddress } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import type { HostFacts } from '#core/scheduling/listing'
import type { LoggedEvent } from '#ports/chain'
import type { Records } from '#ports/records'
import { historyCodec } from '#protocol/tenant-records'
import type { Follower } from './ledger-ports.ts'

export type History = Pick<HostFacts, 'settled' | 'failed' | 'ownSettled' | 'ownFailed'>

export const noHistory: History = { settled: 0, failed: 0, ownSettled: 0, ownFailed: 0 }

/** What the chain has told of hosts: how many of their leases ended well, how many by their fault. */
export type HostHistory = {
  readonly of: (host: Address) => History | undefined
  readonly onChange: (handler: () => void) => () => void
  /** Ends listening to the chain. */
  readonly stop: () => void
}

const openTable = 'lease-hosts'
const countTable = 'host-history'

type Counts = { readonly settled: number; readonly failed: number }

/** Settled after a report that nobody answered: service was acknowledged to less than the report. */
const lostItsBond = ({ status, report, ack }: LeaseRecord): boolean =>
  status === 'settled' && report !== undefined && ack < report.at

const ownOf = (leases: readonly LeaseRecord[], tenant: Address): Map<Address, Counts> => {
  const own = new Map<Address, Counts>()
  for (const lease of leases) {
    if (lease.ended === undefined || lease.terms.tenant !== tenant) continue
    const { settled, failed } = own.get(lease.terms.host) ?? { settled: 0, failed: 0 }
    const well = !lease.quit && !lostItsBond(lease)
    own.set(
      lease.terms.host,
      well ? { settled: settled + 1, failed } : { settled, failed: failed + 1 },
    )
  }
  return own
}

type Components = {
  readonly records: Records
  readonly follower: Pick<Follower, 'leases' | 'onEvent'>
  readonly tenant: Address
}

export const createHostHistory = ({ records, follower, tenant }: Components): HostHistory => {
  const handlers = new Set<() => void>()
  let own: ReadonlyMap<Address, Counts> | undefined
  const countOf = (host: Address): Counts | undefined => {
    const stored = records.get(countTable, host)
    return stored === undefined ? undefined : historyCodec.decode(stored, `${countTable}/${host}`)
  }
  /** Counts a lease once: an event that is told again finds it gone. */
  const count = (id: LeaseId, well: boolean): void => {
    const stored = records.get(openTable, id)
    const host = typeof stored === 'string' ? parseAddress(stored) : undefined
    if (host === undefined) return
    const { settled, failed } = countOf(host) ?? { settled: 0, failed: 0 }
    records.transaction(() => {
      records.delete(openTable, id)
      const next = well ? { settled: settled + 1, failed } : { settled, failed: failed + 1 }
      records.put(countTable, host, historyCodec.encode(next))
    })
    own = undefined
    for (const handler of [...handlers]) handler()
  }
  const hear = ({ event }: LoggedEvent): void => {
    switch (event.kind) {
      case 'Opened':
        records.put(openTable, event.id, event.terms.host)
        return
      case 'Closed':
      case 'Settled':
        count(event.id, true)
        return
      case 'Quit':
      case 'Resolved':
        count(event.id, false)
        return
      default:
    }
  }
  const leave = follower.onEvent(hear)
  return {
    of: (host) => {
      own ??= ownOf(follower.leases(), tenant)
      const all = countOf(host)
      const mine = own.get(host)
      if (all === undefined && mine === undefined) return undefined
      return {
        settled: Math.max(0, (all?.settled ?? 0) - (mine?.settled ?? 0)),
        failed: Math.max(0, (all?.failed ?? 0) - (mine?.failed ?? 0)),
        ownSettled: mine?.settled ?? 0,
        ownFailed: mine?.failed ?? 0,
      }
    },
    onChange: (handler) => {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
    stop: leave,
  }
}
