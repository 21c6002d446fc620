import { ArtelError } from '#core/errors'
import { costOf, tokenAmount } from '#core/money'
import { receiptDigest } from '#protocol/eip712-leases'
import { receiptPut } from '#protocol/peer/host-routes'
import type { ActContext, ActionOf } from './context.ts'

/** Less than this many seconds are not worth a transaction. */
const topUpSecondsMin = 30

/** Adds to a running lease's deposit, as much as the balance covers. The key names the deposit it adds to. */
export const topUp = async (
  { parts, instance, commitments }: ActContext,
  { key, deal, amount }: ActionOf<'top-up'>,
  signal: AbortSignal,
): Promise<void> => {
  const balance = await parts.chain.balance(parts.signer.address, signal)
  const free = tokenAmount(balance - commitments.total())
  const given = free < amount ? free : amount
  if (given < costOf(deal.terms.rate, topUpSecondsMin)) {
    throw new ArtelError('balance', 'the vault does not cover more time for the lease', {
      hint: 'Put tokens into the vault: `artel wallet deposit`.',
    })
  }
  await parts.outbox.submit({ kind: 'topUp', terms: deal.terms, amount: given }, { key }, signal)
  instance.record({ kind: 'topped-up', lease: deal.id, amount: given })
  await parts.follower.refresh(deal.id, signal)
}

/** Acknowledges service to the host, so that it is paid without waiting. */
export const sendReceipt = async (
  { parts, instance }: ActContext,
  { deal, untilSeconds }: ActionOf<'send-receipt'>,
  signal: AbortSignal,
): Promise<void> => {
  const receipt = { lease: deal.id, until: untilSeconds, extra: tokenAmount(0n) }
  const signature = parts.signer.sign(receiptDigest(parts.chain.info, receipt))
  await parts.caller.call(deal.host.peer, receiptPut, { receipt, signature }, { signal })
  const live = instance.live.get(deal.id)
  if (live !== undefined) instance.live.set(deal.id, { ...live, receiptUntilSeconds: untilSeconds })
}
