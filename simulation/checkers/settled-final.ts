import type { Checker } from './checker.ts'
import { type TouchedLease, touchedLeases } from './touched-leases.ts'

const backward = ({ before, after }: TouchedLease): string | undefined => {
  if (before === undefined) return undefined
  if (before.status === 'settled') return 'moved although it is settled'
  if (after.ack < before.ack) return `went back from ack ${before.ack} to ${after.ack}`
  if (after.extra < before.extra) return `went back from extra ${before.extra} to ${after.extra}`
  if (before.ended !== undefined && after.ended !== before.ended) {
    return `ended at ${before.ended} and then at ${after.ended}`
  }
  if (after.terms.epoch !== before.terms.epoch) return 'changed its epoch'
  return undefined
}

/** Invariant 3: a settled lease never moves; ack, extra and what delegates spent never decrease; one end. */
export const createSettledFinal = (): Checker => ({
  name: 'settled-final',
  onCall: (applied) => {
    for (const touched of touchedLeases(applied)) {
      if (touched.before === touched.after) continue
      const wrong = backward(touched)
      if (wrong !== undefined) return `${applied.call.kind}: lease ${touched.after.id} ${wrong}`
    }
    for (const [key, delegation] of applied.before.delegations.entries()) {
      const spent = applied.after.delegations.get(key)?.spent
      if (spent === undefined || spent < delegation.spent) {
        return `${applied.call.kind}: delegation ${key} spent ${delegation.spent} and then ${spent}`
      }
    }
    return undefined
  },
})
