import type { LeaseRecord } from '#core/lease'
import { paid } from '#core/lease'
import type { Checker, Rest, TenantSample } from './checker.ts'

const told = ({ runs, maps }: TenantSample): bigint =>
  runs.reduce((sum, { view }) => sum + view.cost, 0n) +
  maps.reduce((sum, map) => sum + map.hosts.reduce((part, { cost }) => part + cost, 0n), 0n)

/** A lease that several runs share is divided among them, each share rounded down. */
const shares = ({ runs }: TenantSample): bigint =>
  BigInt(runs.length - new Set(runs.map(({ view }) => view.lease ?? view.id)).size)

const wrongBill = (rest: Rest, leases: readonly LeaseRecord[]): string | undefined => {
  for (const tenant of rest.tenants) {
    const own = leases.filter(({ terms }) => terms.tenant === tenant.address)
    const charged = own.reduce((sum, lease) => sum + paid(lease), 0n)
    const rounding = shares(tenant)
    const sum = told(tenant)
    if (sum > charged + rounding || (!tenant.forgot && sum < charged - rounding)) {
      return `${tenant.name} was told that its work cost ${sum}, the chain took ${charged}`
    }
  }
  return undefined
}

const wrongEarnings = (rest: Rest, leases: readonly LeaseRecord[]): string | undefined => {
  for (const { name, address } of rest.hosts) {
    const earned = leases
      .filter(({ terms }) => terms.host === address)
      .reduce((sum, lease) => sum + paid(lease), 0n)
    const said = rest.earnings.get(address)
    if (said !== undefined && said !== earned) {
      return `${name} says that it earned ${said}, the chain paid ${earned}`
    }
  }
  return undefined
}

/** What tenants are told that their work cost, and hosts that they earned, is what the chain moved. */
export const createBillsTrue = (): Checker => ({
  name: 'bills-true',
  onRest: (rest) => {
    const leases = [...rest.leases.leases.entries()].map(([, lease]) => lease)
    return wrongBill(rest, leases) ?? wrongEarnings(rest, leases)
  },
})
