import type { Address } from '#core/ids'
import { rate, tokenAmount } from '#core/money'
import { addResources, noResources } from '#core/resources'
import type { HostView } from '#protocol/api/node'
import type { HostLease, HostSettings } from '#protocol/host-records'
import type { ChainTime } from './chain-time.ts'
import { type Earnings, earnedBy } from './earnings.ts'
import { holdsResources, type LeaseStore } from './lease-store.ts'
import type { LeaseFollower } from './ledger-view.ts'
import type { RunStore } from './run-store.ts'
import type { Selling } from './selling.ts'

export type HostViewComponents = {
  readonly earnings: Earnings
  readonly follower: Pick<LeaseFollower, 'lease'>
  readonly leases: LeaseStore
  readonly runs: RunStore
  readonly time: ChainTime
  readonly selling: () => Selling | { readonly problem: string }
}

const noPrice = {
  base: rate(0n),
  perCpu: rate(0n),
  perMemoryGib: rate(0n),
  perDiskGib: rate(0n),
  perGpu: rate(0n),
}

const statusOf = (lease: HostLease): HostView['leases'][number]['status'] => {
  if (lease.state === 'bid' || lease.state === 'lapsed') return 'reserved'
  return lease.state === 'running' ? 'running' : 'ended'
}

const earnedOf = (components: HostViewComponents, lease: HostLease) =>
  earnedBy(lease, components.follower.lease(lease.id), components.time.nowSeconds())

const leaseView = (
  components: HostViewComponents,
  lease: HostLease,
): HostView['leases'][number] => ({
  lease: lease.id,
  tenant: lease.terms.tenant,
  ...(lease.openedSeconds === undefined ? {} : { sinceSeconds: lease.openedSeconds }),
  status: statusOf(lease),
  resources: lease.requirements.resources,
  rate: lease.terms.rate,
  earned: earnedOf(components, lease),
  runs: components.runs.ofLease(lease.id).map(({ run, spec, state }) => ({
    run,
    image: spec.image.reference,
    status: state.status,
  })),
})

/** What runs on this machine and why, for its owner. */
export const hostView = (
  components: HostViewComponents,
  account: Address,
  settings: HostSettings | undefined,
): HostView => {
  const { earnings, leases } = components
  const selling = components.selling()
  const shown = leases.all().filter(({ state }) => state !== 'lapsed')
  const leased = shown
    .filter(holdsResources)
    .reduce((sum, lease) => addResources(sum, lease.requirements.resources), noResources)
  const live = shown.reduce((sum, lease) => sum + earnedOf(components, lease), 0n)
  return {
    state: settings?.state ?? 'absent',
    ...('problem' in selling && settings?.state === 'selling' ? { problem: selling.problem } : {}),
    address: account,
    offered: 'problem' in selling ? noResources : selling.capacity.resources,
    leased,
    price: settings?.join.price ?? noPrice,
    region: settings?.join.region ?? '',
    earnedTotal: tokenAmount(earnings.total() + live),
    leases: shown.map((lease) => leaseView(components, lease)),
  }
}
