import { answerOverdue, endOf, exhausted, type LeaseRecord, owed, paid, statusAt } from './lease.ts'
import type { TokenAmount } from './money.ts'
import type { Receipt } from './terms.ts'

/** A receipt whose signature was checked. */
export type HeldReceipt = Pick<Receipt, 'until' | 'extra'>

/** How a host weighs the cost of a transaction against money that it has not yet got. */
export type SettlementPolicy = {
  /** A running lease is claimed at least so often, where there is anything to claim. */
  readonly claimEverySeconds: number
  /** Claims at once what exceeds this. */
  readonly claimAbove: TokenAmount
}

/** What the host should do about its money in a lease now. */
export type SettlementStep =
  | { readonly kind: 'claim'; readonly receipt: HeldReceipt }
  | { readonly kind: 'claimSilent' | 'answer' | 'resolve' | 'settle' }
  /** Nothing until then (Unix seconds), unless the lease changes or a receipt comes. */
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'done' }

const wait = (until: number): SettlementStep => ({ kind: 'wait', until })

const gainOf = (lease: LeaseRecord, receipt: HeldReceipt): bigint => {
  const until = Math.max(lease.ack, receipt.until)
  const extra = receipt.extra > lease.extra ? receipt.extra : lease.extra
  return owed(lease, until, extra) - paid(lease)
}

const whileReported = (
  lease: LeaseRecord,
  receipt: HeldReceipt | undefined,
  now: number,
  block: number,
): SettlementStep => {
  const { report } = lease
  if (report === undefined) return wait(now + 1)
  if (!answerOverdue(lease.terms, report, now, block)) return { kind: 'answer' }
  // Too late to answer, but a receipt from after the report proves that there was service.
  const rescues = receipt !== undefined && receipt.until > report.at
  return rescues ? { kind: 'claim', receipt } : { kind: 'resolve' }
}

const whileRunning = (
  lease: LeaseRecord,
  receipt: HeldReceipt | undefined,
  now: number,
  policy: SettlementPolicy,
): SettlementStep => {
  const end = exhausted(lease)
  if (receipt !== undefined) {
    const gain = gainOf(lease, receipt)
    const due = now >= lease.ack + policy.claimEverySeconds
    if (gain > policy.claimAbove || (due && gain > 0n)) return { kind: 'claim', receipt }
  }
  const silentFrom = lease.ack + policy.claimEverySeconds + lease.terms.window
  if (now >= silentFrom && lease.terms.rate > 0n) return { kind: 'claimSilent' }
  const next = lease.ack + policy.claimEverySeconds
  return wait(Math.max(now + 1, Math.min(end, next > now ? next : silentFrom)))
}

const whileEnded = (
  lease: LeaseRecord,
  receipt: HeldReceipt | undefined,
  now: number,
  policy: SettlementPolicy,
): SettlementStep => {
  const end = endOf(lease, now)
  const due = end + lease.terms.window
  if (lease.ack >= end || now >= due) return { kind: 'settle' }
  if (receipt === undefined) return wait(due)
  const closesIt = receipt.until === end
  return closesIt || gainOf(lease, receipt) > policy.claimAbove
    ? { kind: 'claim', receipt }
    : wait(due)
}

/** The host's next move: pure, so that a restart or a repeated call decides the same. */
export const settlementStep = (
  lease: LeaseRecord,
  held: HeldReceipt | undefined,
  now: number,
  block: number,
  policy: SettlementPolicy,
): SettlementStep => {
  // The contract refuses a receipt for time that has not passed or lies after the end.
  const usable = held !== undefined && held.until <= endOf(lease, now) ? held : undefined
  switch (statusAt(lease, now)) {
    case 'settled':
      return { kind: 'done' }
    case 'reported':
      return whileReported(lease, usable, now, block)
    case 'ended':
      return whileEnded(lease, usable, now, policy)
    case 'running':
      return whileRunning(lease, usable, now, policy)
  }
}
