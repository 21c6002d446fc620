import { costOfUse } from '#core/deployment-cost'
import { ArtelError, toArtelError } from '#core/errors'
import type { LeaseRecord } from '#core/lease'
import type { Terms } from '#core/terms'
import type { BlockRef } from '#ports/chain'
import { nowSeconds } from '#ports/clock'
import type { ActContext, ActionOf } from './context.ts'

const settledWithinMs = 30_000

const isSettled = (lease: LeaseRecord | undefined): lease is LeaseRecord =>
  lease?.status === 'settled'

/** How far back in time a reorganisation may reach, seconds. */
const reorganisedSecondsMax = 600

/** Whether an open that a reorganisation undid can still come into a block, here or after the next one. */
const mayReturn = ({ bidExpiry }: Terms, head: BlockRef | undefined): boolean =>
  head === undefined || head.timestampSeconds <= bidExpiry + reorganisedSecondsMax

/** A lease that is opened anew is closed anew: what was refused before is refused under its key for ever. */
const keyOf = (key: string, lease: LeaseRecord | undefined): string =>
  lease === undefined ? key : `${key}:${lease.opened}`

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
      await parts.outbox.submit(
        { kind: 'close', terms: deal.terms },
        { key: keyOf(key, parts.follower.lease(deal.id)) },
        signal,
      )
    } catch (caught) {
      const error = toArtelError(caught)
      if (/UnknownLease/.test(error.message)) {
        if (mayReturn(deal.terms, parts.follower.head())) {
          const message = `lease ${deal.id} is not on the chain now, but may be opened again`
          throw new ArtelError('unavailable', message, { cause: caught })
        }
        // Its open was undone for good by a reorganisation: there is nothing to pay.
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
