import type { Address, LeaseId } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import type { LeasesEvent } from '#core/leases-state'
import type { LoggedEvent } from '#ports/chain'
import type { Records } from '#ports/records'
import type { WalletEntry } from '#protocol/api/node'
import { type WalletChange, walletChangeCodec } from '#protocol/tenant-records'
import type { Follower } from './ledger-ports.ts'

const table = 'wallet-history'
const entriesMax = 10_000

type Change = Pick<WalletChange, 'kind' | 'lease'> & { readonly amount: bigint }

const settlement = (
  id: LeaseId,
  lease: LeaseRecord | undefined,
  account: Address,
  toHost: bigint,
  toTenant: bigint,
): readonly Change[] => [
  ...(lease?.terms.host === account
    ? [{ kind: 'earned', lease: id, amount: toHost } as const]
    : []),
  ...(lease?.terms.tenant === account
    ? [{ kind: 'refund', lease: id, amount: toTenant } as const]
    : []),
]

/** What an event did to the free balance of `account`. */
export const changesOf = (
  event: LeasesEvent,
  account: Address,
  leaseOf: (id: LeaseId) => LeaseRecord | undefined,
): readonly Change[] => {
  switch (event.kind) {
    case 'Deposited':
      return event.account === account ? [{ kind: 'deposit', amount: event.amount }] : []
    case 'Withdrawn':
      return event.account === account ? [{ kind: 'withdraw', amount: -event.amount }] : []
    case 'Opened': {
      const { id, terms, deposit } = event
      return [
        ...(terms.tenant === account
          ? [{ kind: 'open', lease: id, amount: -deposit } as const]
          : []),
        ...(terms.host === account
          ? [{ kind: 'bond', lease: id, amount: -terms.bond } as const]
          : []),
      ]
    }
    case 'ToppedUp':
      return event.by === account
        ? [{ kind: 'top-up', lease: event.id, amount: -event.amount }]
        : []
    case 'Claimed': {
      const host = leaseOf(event.id)?.terms.host
      return host === account ? [{ kind: 'earned', lease: event.id, amount: event.amount }] : []
    }
    case 'Quit': {
      const tenant = leaseOf(event.id)?.terms.tenant
      return tenant === account
        ? [{ kind: 'compensation', lease: event.id, amount: event.fee }]
        : []
    }
    case 'Closed':
    case 'Settled':
    case 'Resolved':
      return settlement(event.id, leaseOf(event.id), account, event.toHost, event.toTenant)
    default:
      return []
  }
}

const keyOf = ({ block, logIndex }: LoggedEvent, index: number): string =>
  `${String(block.number).padStart(12, '0')}/${String(logIndex).padStart(6, '0')}/${index}`

/** Changes of the free balance, written down as the chain tells them. */
export type WalletHistory = {
  /** Newest first. */
  readonly entries: () => readonly WalletEntry[]
  readonly stop: () => void
}

type Components = {
  readonly records: Records
  readonly follower: Pick<Follower, 'lease' | 'onEvent' | 'onUndone'>
  readonly account: Address
}

export const createWalletHistory = ({ records, follower, account }: Components): WalletHistory => {
  const changes = ({ event }: LoggedEvent): readonly Change[] =>
    event.kind === 'announced' ? [] : changesOf(event, account, follower.lease)
  const hear = (logged: LoggedEvent): void => {
    for (const [index, { kind, lease, amount }] of changes(logged).entries()) {
      if (amount === 0n) continue
      const change: WalletChange = {
        atSeconds: logged.block.timestampSeconds,
        block: logged.block.number,
        kind,
        change: amount.toString(),
        ...(lease === undefined ? {} : { lease }),
        transaction: logged.transaction,
      }
      records.put(table, keyOf(logged, index), walletChangeCodec.encode(change))
    }
  }
  const unhear = (logged: LoggedEvent): void => {
    for (const [index] of changes(logged).entries()) records.delete(table, keyOf(logged, index))
  }
  const leave = [follower.onEvent(hear), follower.onUndone(unhear)]
  return {
    entries: () =>
      records
        .list(table)
        .slice(-entriesMax)
        .toReversed()
        .map(({ key, value }) => {
          const { block: _, ...entry } = walletChangeCodec.decode(value, `${table}/${key}`)
          return entry
        }),
    stop: () => {
      for (const off of leave) off()
    },
  }
}
