import type { HostIdentity } from '#core/deployment'
import type { Address } from '#core/ids'
import type { Isolation, NetworkPolicy } from '#core/manifest'
import type { Resources } from '#core/resources'

/** What is known of a host beyond its offer. */
export type HostFacts = {
  /** Measured round trip. */
  readonly latencyMs?: number
  /** Measured, from the tenant to the host. */
  readonly bytesPerSecond?: number
  /** Leases of anybody that ended well, or by quitting or in a report that nobody answered. */
  readonly settled: number
  readonly failed: number
  /** The same, of this tenant: weighs most. */
  readonly ownSettled: number
  readonly ownFailed: number
}

/**
 * An offer as the scheduler reads it: prices are plain numbers (1e-9 token base units per second), so that a
 * hundred thousand of them are weighed in milliseconds. Exact money comes with the bid.
 */
export type Listing = {
  readonly host: HostIdentity
  readonly chainId: number
  readonly leases: Address
  readonly expiresAtMs: number
  /** What is free now. */
  readonly resources: Resources
  readonly arch: string
  readonly isolation: readonly Isolation[]
  readonly network: readonly NetworkPolicy[]
  readonly freeLeases: number
  readonly bonded: boolean
  readonly facts: HostFacts
  readonly price: {
    readonly base: number
    readonly perCpu: number
    readonly perMemoryGib: number
    readonly perDiskGib: number
    readonly perGpu: number
  }
}

const gib = 1024 ** 3

/** What the resources cost there, about. */
export const listedRate = ({ price }: Listing, resources: Resources): number =>
  price.base +
  (price.perCpu * resources.cpuMilli) / 1000 +
  (price.perMemoryGib * resources.memoryBytes) / gib +
  (price.perDiskGib * resources.diskBytes) / gib +
  price.perGpu * resources.gpus
