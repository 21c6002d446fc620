import { ArtelError, toArtelError } from '#core/errors'
import { costOf, type TokenAmount, tokenAmount } from '#core/money'
import { receiptDigest } from '#protocol/eip712-leases'
import { receiptPut } from '#protocol/peer/host-routes'
import type { ActContext, ActionOf } from './context.ts'

/** Less than this many seconds are not worth a transaction. */
const topUpSecondsMin = 30

/** As much of what is wanted as the balance covers. Throws 'balance'. */
const affordable = async (
  { parts, commitments }: ActContext,
  { deal, amount }: ActionOf<'top-up'>,
  signal: AbortSignal,
): Promise<TokenAmount> => {
  const balance = await parts.chain.balance(parts.signer.address, signal)
  const free = tokenAmount(balance - commitments.total())
  const given = free < amount ? free : amount
  if (given >= costOf(deal.terms.rate, topUpSecondsMin)) return given
  throw new ArtelError('balance', 'the vault does not cover more time for the lease', {
    hint: 'Put tokens into the vault: `artel wallet deposit`.',
  })
}

/** A key that the chain refused, or that an earlier life used for another amount, is spent for ever. */
const spendsKey = new Set(['reverted', 'balance', 'conflict'])

/** Adds to a running lease's deposit, as much as the balance covers. The key names the deposit it adds to. */
export const topUp = async (
  context: ActContext,
  action: ActionOf<'top-up'>,
  signal: AbortSignal,
): Promise<void> => {
  const { parts, instance, commitments } = context
  const { key, deal } = action
  const known = instance.topUp?.key === key ? instance.topUp : { key, refusals: 0 }
  // The same key stands for the same amount until it is refused.
  const amount = known.amount ?? (await affordable(context, action, signal))
  instance.topUp = { ...known, amount }
  commitments.add(deal.id, amount)
  try {
    const call = { kind: 'topUp', terms: deal.terms, amount } as const
    await parts.outbox.submit(call, { key: `${key}:${known.refusals}` }, signal)
  } catch (caught) {
    if (spendsKey.has(toArtelError(caught).code)) {
      instance.topUp = { key, refusals: known.refusals + 1 }
    }
    throw caught
  } finally {
    commitments.release(deal.id)
  }
  instance.record({ kind: 'topped-up', lease: deal.id, amount })
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
