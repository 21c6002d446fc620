import { ArtelError } from '#core/errors'
import type { Signature } from '#core/ids'
import type { Receipt } from '#core/terms'
import type { ChainInfo } from '#ports/chain'
import { recoverAddress } from '#protocol/eip712'
import { receiptDigest } from '#protocol/eip712-leases'
import type { HostLease } from '#protocol/host-records'
import type { ChainTime } from './chain-time.ts'
import type { LeaseStore } from './lease-store.ts'

export type ReceiptsComponents = {
  readonly chain: { readonly info: Pick<ChainInfo, 'chainId' | 'leases'> }
  readonly leases: LeaseStore
  readonly time: ChainTime
}

/** A receipt may be ahead of the host's view of time by so much: clocks differ. */
const aheadSecondsMax = 600

/**
 * Keeps the newest receipt of a lease. An older one changes nothing. Throws 'unauthorized' for a signature of
 * neither signer nor tenant, 'bad-request' for one that is about the far future.
 */
export const acceptReceipt = (
  { chain, leases, time }: ReceiptsComponents,
  lease: HostLease,
  receipt: Receipt,
  signature: Signature,
): void => {
  const { tenant, signer } = lease.terms
  const by = recoverAddress(receiptDigest(chain.info, receipt), signature)
  if (by === undefined || (by !== signer && by !== tenant)) {
    throw new ArtelError('unauthorized', 'the receipt is not signed by the tenant')
  }
  if (receipt.until > time.laterSeconds() + aheadSecondsMax) {
    throw new ArtelError('bad-request', 'a receipt for time that has not come')
  }
  const held = lease.receipt
  if (held !== undefined && (receipt.until <= held.until || receipt.extra < held.extra)) return
  leases.update(lease.id, { receipt: { until: receipt.until, extra: receipt.extra, signature } })
}
