import { type ArtelError, toArtelError } from '#core/errors'
import type { TokenAmount } from '#core/money'
import type { ActContext, ActionOf } from './context.ts'

type Failure = { readonly code: ArtelError['code']; readonly blames: boolean }

/** What a refused `open` means and whose fault it is; undefined for what may yet succeed. */
const failureOf = async (
  { parts }: ActContext,
  error: ArtelError,
  deposit: TokenAmount,
  signal: AbortSignal,
): Promise<Failure | undefined> => {
  switch (error.code) {
    case 'gas':
    case 'wrong-chain':
      return { code: error.code, blames: false }
    case 'balance': {
      // The contract says the same of the tenant's deposit and of the host's bond.
      const balance = await parts.chain.balance(parts.signer.address, signal)
      return balance < deposit
        ? { code: 'balance', blames: false }
        : { code: 'refused', blames: true }
    }
    case 'reverted':
      return /BidExpired|NotSuccessor/.test(error.message)
        ? { code: 'timeout', blames: false }
        : { code: 'refused', blames: true }
    default:
      return undefined
  }
}

/** Puts the journalled deal on chain; the same transaction however often it is called. */
export const open = async (
  context: ActContext,
  { key, deal }: ActionOf<'open'>,
  signal: AbortSignal,
): Promise<void> => {
  const { parts, instance, commitments } = context
  const { terms, signature, deposit } = deal
  commitments.add(deal.id, deposit)
  try {
    if (parts.follower.lease(deal.id) === undefined) {
      await parts.outbox.submit({ kind: 'open', terms, deposit, signature }, { key }, signal)
    }
    instance.record({ kind: 'opened', lease: deal.id })
    commitments.release(deal.id)
  } catch (caught) {
    const error = toArtelError(caught)
    const failure = await failureOf(context, error, deposit, signal)
    if (failure === undefined) throw error
    commitments.release(deal.id)
    const { code, blames } = failure
    const host = blames ? { host: deal.host.address } : {}
    const message = `the lease with host ${deal.host.address} was not opened: ${error.message}`
    instance.record({ kind: 'open-failed', lease: deal.id, code, message, ...host })
  }
}
