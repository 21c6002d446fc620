import { ArtelError } from '#core/errors'
import type { LeaseId } from '#core/ids'

/** A range of IPv4 addresses that is cut into subnets of one size. */
export type SubnetPool = { readonly base: number; readonly count: number; readonly prefix: number }

const numberOf = (address: string): number | undefined => {
  const parts = address.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) {
    return undefined
  }
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0)
}

const addressOf = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')

/** `10.213.0.0/16` cut into subnets of `prefix` bits. Throws 'bad-request' on what is no such range. */
export const parseSubnetPool = (range: string, prefix: number): SubnetPool => {
  const [address = '', bits = ''] = range.split('/')
  const base = numberOf(address)
  const length = Number(bits)
  const valid = base !== undefined && /^\d{1,2}$/.test(bits) && length <= prefix && prefix <= 30
  if (!valid || base % 2 ** (32 - length) !== 0) {
    throw new ArtelError('bad-request', `'${range}' is no IPv4 range to cut /${prefix} from`)
  }
  return { base, count: 2 ** (prefix - length), prefix }
}

const subnetAt = (pool: SubnetPool, index: number): string =>
  `${addressOf(pool.base + index * 2 ** (32 - pool.prefix))}/${pool.prefix}`

/**
 * Subnets for a lease that are not in `taken`, best first. Where the search begins depends on the lease, so
 * that nodes which share an engine rarely want the same one at once.
 */
export const freeSubnets = function* (
  pool: SubnetPool,
  lease: LeaseId,
  taken: ReadonlySet<string>,
): Generator<string> {
  const first = Number.parseInt(lease.slice(2, 10), 16) % pool.count
  for (let step = 0; step < pool.count; step += 1) {
    const subnet = subnetAt(pool, (first + step) % pool.count)
    if (!taken.has(subnet)) yield subnet
  }
}
