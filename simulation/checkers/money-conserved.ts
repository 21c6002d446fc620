import type { AppliedCall } from '#adapters/memory/chain-state'
import { unpaid } from '#core/lease'
import type { LeasesState } from '#core/leases-state'
import type { Checker } from './checker.ts'

/** All the token units that the contract answers for. */
export const accounted = (state: LeasesState): bigint => {
  let sum = 0n
  for (const [, balance] of state.balances.entries()) sum += balance
  for (const [, lease] of state.leases.entries()) {
    sum += unpaid(lease) + lease.bondLeft
    if (lease.status === 'reported') sum += lease.report?.fee ?? 0n
  }
  return sum
}

const broughtIn = ({ events }: AppliedCall): bigint =>
  events.reduce((sum, event) => {
    if (event.kind === 'Deposited') return sum + event.amount
    return event.kind === 'Withdrawn' ? sum - event.amount : sum
  }, 0n)

/** Invariant 1: balances, unpaid deposits, bonds and report fees add up to what was brought in. */
export const createMoneyConserved = (): Checker => {
  // One call's state after is mostly the next one's state before.
  const known = new WeakMap<LeasesState, bigint>()
  const sumOf = (state: LeasesState): bigint => {
    const sum = known.get(state) ?? accounted(state)
    known.set(state, sum)
    return sum
  }
  return {
    name: 'money-conserved',
    onCall: (applied) => {
      const before = sumOf(applied.before)
      const after = sumOf(applied.after)
      const expected = before + broughtIn(applied)
      return after === expected
        ? undefined
        : `${applied.call.kind} made ${before} units ${after}, not ${expected}`
    },
  }
}
