import type { DeploymentState, LeaseUse } from './deployment.ts'
import type { LeaseId } from './ids.ts'
import { endOf, type LeaseRecord, owed } from './lease.ts'
import { noTokens, type TokenAmount, tokenAmount } from './money.ts'

/** What a deployment owes for its part of one lease: by the chain once settled, else by the clock. */
export const costOfUse = (
  use: Pick<LeaseUse, 'fromSeconds' | 'untilSeconds'> | undefined,
  lease: LeaseRecord,
  nowSeconds: number,
): TokenAmount => {
  const end =
    lease.status === 'settled' ? lease.ack : Math.max(lease.opened, endOf(lease, nowSeconds))
  const at = (seconds: number | undefined, otherwise: number) =>
    Math.min(end, Math.max(lease.opened, seconds ?? otherwise))
  const until = owed(lease, at(use?.untilSeconds, end), lease.extra)
  const from = use?.fromSeconds
  return from === undefined
    ? until
    : tokenAmount(until - owed(lease, at(from, lease.opened), noTokens))
}

/** What all leases of the deployment cost it so far. */
export const costOfDeployment = (
  state: DeploymentState,
  leaseOf: (id: LeaseId) => LeaseRecord | undefined,
  nowSeconds: number,
): TokenAmount =>
  state.leases.reduce((sum, use) => {
    const lease = leaseOf(use.deal.id)
    // What was written down at the close may have been settled anew by a reorganisation since.
    const hasLater = lease?.status === 'settled'
    if (use.paid !== undefined && !hasLater) return tokenAmount(sum + use.paid)
    return lease === undefined ? sum : tokenAmount(sum + costOfUse(use, lease, nowSeconds))
  }, noTokens)
