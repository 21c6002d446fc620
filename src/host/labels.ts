import type { Address, LeaseId, RunId } from '#core/ids'

/** Labels on everything that a node makes in its engine, so that several nodes can share one. */
export const labelKeys = {
  node: 'com.artel.node',
  lease: 'com.artel.lease',
  run: 'com.artel.run',
} as const

/** The label by which a node finds what is its own. */
export const nodeLabel = (node: Address): string => `${labelKeys.node}=${node}`

export const leaseLabels = (node: Address, lease: LeaseId): Readonly<Record<string, string>> => ({
  [labelKeys.node]: node,
  [labelKeys.lease]: lease,
})

/** Tenants' labels get a prefix: they can forge neither ours nor those of the owner's tools. */
export const tenantLabels = (
  labels: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [`com.artel.tenant.${key}`, value]),
  )

/** The start of a lease's id that names its things in the engine; unique enough among live leases. */
const shortLease = (lease: LeaseId): string => lease.slice(2, 14)

/** Whether two leases would share the names of their things: then only one of them may be. */
export const namesCollide = (one: LeaseId, other: LeaseId): boolean =>
  one !== other && shortLease(one) === shortLease(other)

export const containerName = (lease: LeaseId, run: RunId | string): string =>
  `artel-${shortLease(lease)}-${run}`
export const networkName = (lease: LeaseId): string => `artel-${shortLease(lease)}`
/** Interface names have at most 15 characters. */
export const bridgeName = (lease: LeaseId): string => `ar-${shortLease(lease)}`
export const spoolName = (lease: LeaseId, run: RunId): string => `host-${shortLease(lease)}-${run}`
export const volumeId = (lease: LeaseId, run: RunId): string => `host-${shortLease(lease)}-${run}`
/** The prefix of spools and volumes of the host's side. */
export const ownPrefix = 'host-'
