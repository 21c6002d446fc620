import { endOf, type LeaseRecord, owed, statusAt } from '#core/lease'
import { tokenAmount } from '#core/money'
import { nowSeconds } from '#ports/clock'
import type { LeaseView } from '#protocol/api/node'
import type { TenantParts } from './components.ts'
import type { RunBook } from './run-book.ts'

type Parts = Pick<TenantParts, 'clock' | 'follower' | 'signer'>

const viewOf = (parts: Parts, book: RunBook, lease: LeaseRecord): LeaseView => {
  const now = nowSeconds(parts.clock)
  const end = Math.max(lease.opened, lease.status === 'settled' ? lease.ack : endOf(lease, now))
  const cost = owed(lease, end, lease.extra)
  const run = book
    .all()
    .findLast(({ instance }) => instance.state().leases.some(({ deal }) => deal.id === lease.id))
  const isOpen = lease.ended === undefined
  return {
    id: lease.id,
    role: lease.terms.tenant === parts.signer.address ? 'tenant' : 'host',
    host: lease.terms.host,
    tenant: lease.terms.tenant,
    deployment: lease.terms.deployment,
    epoch: lease.terms.epoch,
    status: statusAt(lease, now),
    openedAtSeconds: lease.opened,
    ...(isOpen ? {} : { endedAtSeconds: end }),
    rate: lease.terms.rate,
    deposit: lease.deposit,
    owed: cost,
    ...(isOpen ? {} : { refund: tokenAmount(lease.deposit - cost) }),
    ...(run === undefined ? {} : { run: { id: run.instance.id, name: run.entry.name } }),
  }
}

/** Deals whose open is on its way to the chain. */
const opening = (book: RunBook, known: ReadonlySet<string>): readonly LeaseView[] =>
  book.everything().flatMap(({ instance, entry }) =>
    instance
      .state()
      .leases.filter((use) => use.status === 'opening' && !known.has(use.deal.id))
      .map(({ deal }) => ({
        id: deal.id,
        role: 'tenant' as const,
        host: deal.host.address,
        tenant: deal.terms.tenant,
        deployment: deal.terms.deployment,
        epoch: deal.terms.epoch,
        status: 'opening' as const,
        rate: deal.terms.rate,
        deposit: deal.deposit,
        owed: tokenAmount(0n),
        run: { id: instance.id, name: entry.name },
      })),
  )

/** Leases of this node's account, newest first; `all` includes the settled ones. */
export const createLeases = (parts: Parts, book: RunBook) => ({
  list: (all: boolean): readonly LeaseView[] => {
    const leases = parts.follower
      .leases()
      .filter((lease) => all || lease.status !== 'settled')
      .toSorted((a, b) => b.opened - a.opened || (a.id < b.id ? -1 : 1))
    const known = new Set(leases.map(({ id }) => id))
    return [...opening(book, known), ...leases.map((lease) => viewOf(parts, book, lease))]
  },
})
