import type { Address, LeaseId } from './ids.ts'
import { noTokens, rateScale, type TokenAmount, tokenAmount } from './money.ts'
import type { Terms } from './terms.ts'

/**
 * Where a lease stands. Stored, `running` and `reported` may hide an end that needed no
 * transaction: `statusAt` shows the status at a time.
 */
export type LeaseStatus = 'running' | 'reported' | 'ended' | 'settled'

/** A party's open or last claim that the host went silent; kept while the lease lives. */
export type Report = {
  /** Unix seconds of the report. */
  readonly at: number
  readonly block: number
  readonly by: Address
  readonly fee: TokenAmount
}

/** What the chain knows of one lease. Amounts are derived, never accumulated. */
export type LeaseRecord = {
  readonly id: LeaseId
  readonly terms: Terms
  readonly status: LeaseStatus
  /** Unix seconds at which payment starts. */
  readonly opened: number
  readonly deposit: TokenAmount
  /** What remains of the host's bond in escrow. */
  readonly bondLeft: TokenAmount
  /** Until when service is paid for, Unix seconds. */
  readonly ack: number
  /** Metered extras that are paid for, at most `terms.extraMax`. */
  readonly extra: TokenAmount
  /** When a transaction ended the lease; the end itself is `endOf`. */
  readonly ended?: number
  /** The host ended it: the stated minimum is not owed. */
  readonly quit: boolean
  readonly report?: Report
}

/** The largest Unix time that the contract stores (uint40). */
export const timeMax = 2 ** 40 - 1
/** The widest amount that the contract stores (uint96). */
export const amountMax = 2n ** 96n - 1n
/** Blocks that must pass besides `answerIn` before a report counts as unanswered. */
export const answerBlocks = 30

/** When the deposit runs out (or, at rate 0, the commitment ends), Unix seconds. Final. */
export const exhausted = (lease: Pick<LeaseRecord, 'terms' | 'opened' | 'deposit'>): number => {
  const { rate, extraMax, committed } = lease.terms
  if (rate === 0n) return committed
  const seconds = ((lease.deposit - extraMax) * rateScale) / rate
  return seconds > BigInt(timeMax - lease.opened) ? timeMax : lease.opened + Number(seconds)
}

/** Until when the lease earns at most, seen at `now`. */
export const endOf = (lease: LeaseRecord, now: number): number =>
  Math.min(lease.ended ?? now, exhausted(lease))

/** What `until` seconds of service and `extra` cost in all: cumulative, floored once, at most the deposit. */
export const owed = (lease: LeaseRecord, until: number, extra: TokenAmount): TokenAmount => {
  const { rate, extraMax } = lease.terms
  const time = (rate * BigInt(until - lease.opened)) / rateScale
  return tokenAmount(time + (extra < extraMax ? extra : extraMax))
}

/** What the host has been paid so far. */
export const paid = (lease: LeaseRecord): TokenAmount => owed(lease, lease.ack, lease.extra)

/** What escrow still holds of the deposit. */
export const unpaid = (lease: LeaseRecord): TokenAmount =>
  lease.status === 'settled' ? noTokens : tokenAmount(lease.deposit - paid(lease))

/** The status at `now`: exhaustion ends a running lease without a transaction. */
export const statusAt = (lease: LeaseRecord, now: number): LeaseStatus =>
  lease.status === 'running' && now >= exhausted(lease) ? 'ended' : lease.status

/** The service that `close` concedes: through the end, and the stated minimum unless the host quit. */
export const conceded = (lease: LeaseRecord, now: number): number => {
  const end = endOf(lease, now)
  if (lease.quit) return end
  return Math.max(end, Math.min(lease.opened + lease.terms.minimum, exhausted(lease)))
}

/** Whether the time to answer an open report is over: both the seconds and the blocks have passed. */
export const answerOverdue = (terms: Terms, report: Report, now: number, block: number): boolean =>
  now >= report.at + terms.answerIn && block >= report.block + answerBlocks
