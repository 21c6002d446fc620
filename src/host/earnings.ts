import { endOf, type LeaseRecord, owed, statusAt } from '#core/lease'
import { noTokens, type TokenAmount, tokenAmount } from '#core/money'
import type { Records } from '#ports/records'
import { type Earning, earningSchema } from '#protocol/api/node'
import { type HostLease, hostTables } from '#protocol/host-records'
import { createTable } from './table.ts'

/** What leases that are over have earned. */
export type Earnings = {
  /** Idempotent: a lease counts once. */
  readonly add: (lease: HostLease) => void
  /** Oldest first. */
  readonly all: () => readonly Earning[]
  readonly total: () => TokenAmount
}

/** Leases that are remembered one by one; what older ones earned only counts in the total. */
const keptMax = 10_000

/** What a lease has earned by `now`, claimed or not. */
export const earnedBy = (
  lease: HostLease,
  record: LeaseRecord | undefined,
  now: number,
): TokenAmount => {
  if (lease.settled || record === undefined) return lease.earned
  if (statusAt(record, now) === 'settled') return owed(record, record.ack, record.extra)
  return owed(record, Math.max(record.ack, endOf(record, now)), record.extra)
}

/** A lease as a line of the owner's account. */
export const earningOf = (
  lease: HostLease,
  record: LeaseRecord | undefined,
  now: number,
): Earning => {
  const opened = lease.openedSeconds ?? Math.floor(lease.bidAtMs / 1000)
  const until = record === undefined ? (lease.endedSeconds ?? opened) : endOf(record, now)
  const over = lease.state === 'ended' || lease.state === 'ending'
  return {
    lease: lease.id,
    tenant: lease.terms.tenant,
    openedAtSeconds: opened,
    ...(over ? { endedAtSeconds: lease.endedSeconds ?? until } : {}),
    seconds: Math.max(0, until - opened),
    rate: lease.terms.rate,
    earned: earnedBy(lease, record, now),
    settled: lease.settled,
  }
}

const sortable = (seconds: number): string => String(seconds).padStart(12, '0')

export const createEarnings = (records: Records): Earnings => {
  const table = createTable(records, hostTables.earnings, earningSchema)
  const older = createTable(
    records,
    `${hostTables.earnings}-older`,
    earningSchema.pick({ earned: true }),
  )
  const rows = new Map(table.all().map(({ key, row }) => [key, row]))
  const olderSum = (): TokenAmount => older.get('total')?.earned ?? noTokens
  const trim = (): void => {
    const excess = [...rows.keys()].sort().slice(0, Math.max(0, rows.size - keptMax))
    for (const key of excess) {
      const gone = rows.get(key)?.earned ?? noTokens
      older.put('total', { earned: tokenAmount(olderSum() + gone) })
      table.delete(key)
      rows.delete(key)
    }
  }
  return {
    add: (lease) => {
      const earning = earningOf(lease, undefined, 0)
      const key = `${sortable(earning.openedAtSeconds)}-${lease.id}`
      records.transaction(() => {
        table.put(key, earning)
        rows.set(key, earning)
        trim()
      })
    },
    all: () => [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
    total: () =>
      tokenAmount([...rows.values()].reduce((sum, { earned }) => sum + earned, olderSum() + 0n)),
  }
}
