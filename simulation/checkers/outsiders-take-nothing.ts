import type { AppliedCall } from '#adapters/memory/chain-state'
import type { Address } from '#core/ids'
import type { Checker } from './checker.ts'

/** Whose balance a call may lower: its sender's, and for an open or a top-up the deal's own parties'. */
const payers = ({ call, env }: AppliedCall): readonly Address[] => {
  if (call.kind === 'open') return [call.terms.tenant, call.terms.host]
  return call.kind === 'topUp' ? [env.sender, call.terms.tenant] : [env.sender]
}

/** Invariant 7: outsiders never lower anyone's balance, a delegate never moves more than its cap. */
export const createOutsidersTakeNothing = (): Checker => ({
  name: 'outsiders-take-nothing',
  onCall: (applied) => {
    const mayPay = new Set<string>(payers(applied))
    for (const [account, balance] of applied.before.balances.entries()) {
      const left = applied.after.balances.get(account) ?? 0n
      if (left < balance && !mayPay.has(account)) {
        return `${applied.call.kind} by ${applied.env.sender} took ${balance - left} from ${account}`
      }
    }
    for (const [key, { spent, cap }] of applied.after.delegations.entries()) {
      const rose = spent > (applied.before.delegations.get(key)?.spent ?? 0n)
      if (rose && spent > cap) return `delegation ${key} spent ${spent} of ${cap}`
    }
    return undefined
  },
})
