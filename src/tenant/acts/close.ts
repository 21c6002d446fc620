import { costOfUse } from '#core/deployment-cost'
import { ArtelError, toArtelError } from '#core/errors'
import type { LeaseRecord } from '#core/lease'
import { nowSeconds } from '#ports/clock'
import type { ActContext, ActionOf } from './context.ts'

const settledWithinMs = 30_000

const isSettled = (lease: LeaseRecord | undefined): lease is LeaseRecord =>
  lease?.status === 'settled'

/** What the chain says of the lease once the close is included. */
const afterClose = async (
  { parts }: ActContext,
  { deal }: ActionOf<'close'>,
  signal: AbortSignal,
): Promise<LeaseRecord> => {
  try {
    return await parts.follower.waitFor(deal.id, isSettled, settledWithinMs, signal)
  } catch (caught) {
    if (toArtelError(caught).code !== 'timeout') throw caught
    const lease = await parts.follower.refresh(deal.id, signal)
    if (isSettled(lease)) return lease
    throw new ArtelError('unavailable', `lease ${deal.id} is not settled yet`, { cause: caught })
  }
}

/** Settles a lease; journals what it cost. Once settled by anybody, closing again is no error. */
export const close = async (
  context: ActContext,
  action: ActionOf<'close'>,
  signal: AbortSignal,
): Promise<void> => {
  const { parts, instance } = context
  const { deal, key } = action
  const use = instance.state().leases.find((one) => one.deal.id === deal.id)
  if (use?.status !== 'closing') instance.record({ kind: 'closing', lease: deal.id })
  if (!isSettled(parts.follower.lease(deal.id))) {
    try {
      await parts.outbox.submit({ kind: 'close', terms: deal.terms }, { key }, signal)
    } catch (caught) {
      const error = toArtelError(caught)
      if (/UnknownLease/.test(error.message)) {
        // Its open was undone by a reorganisation: there is nothing to pay.
        instance.record({ kind: 'closed', lease: deal.id })
        return
      }
      const now = await parts.follower.refresh(deal.id, signal)
      if (error.code !== 'reverted' || !isSettled(now)) throw error
    }
  }
  const lease = await afterClose(context, action, signal)
  const paid = costOfUse(use, lease, nowSeconds(parts.clock))
  instance.record({ kind: 'closed', lease: deal.id, paid })
}
