import { ArtelError } from '#core/errors'
import type { LeaseId, PeerId } from '#core/ids'
import type { HostLease } from '#protocol/host-records'
import { addressOfPeer } from '#protocol/keys'
import type { LeaseStore } from './lease-store.ts'

/**
 * The lease, for the peer that may speak for it: the key that its terms name as signer, or the tenant itself.
 * Anybody else gets 'unauthorized', also where there is no such lease: who has leases is nobody's business.
 */
export const authorise = (leases: LeaseStore, id: LeaseId, peer: PeerId): HostLease => {
  const lease = leases.get(id)
  const address = addressOfPeer(peer)
  if (
    lease === undefined ||
    address === undefined ||
    (address !== lease.terms.signer && address !== lease.terms.tenant)
  ) {
    throw new ArtelError('unauthorized', `this key does not speak for lease ${id}`)
  }
  return lease
}
