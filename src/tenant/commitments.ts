import type { LeaseId } from '#core/ids'
import { noTokens, type TokenAmount, tokenAmount } from '#core/money'

/** Money promised to opens that the chain does not show yet, so that two placements never count on the same. */
export type Commitments = {
  readonly add: (lease: LeaseId, amount: TokenAmount) => void
  readonly release: (lease: LeaseId) => void
  readonly total: () => TokenAmount
}

export const createCommitments = (): Commitments => {
  const amounts = new Map<LeaseId, TokenAmount>()
  return {
    add: (lease, amount) => void amounts.set(lease, amount),
    release: (lease) => void amounts.delete(lease),
    total: () => [...amounts.values()].reduce((sum, amount) => tokenAmount(sum + amount), noTokens),
  }
}
