import { endOf, owed, paid } from '#core/lease'
import type { Checker } from './checker.ts'
import { touchedLeases } from './touched-leases.ts'

/** Invariant 2: a host has been paid at most what is owed, and that is at most the deposit. */
export const createPaidWithinDeposit = (): Checker => ({
  name: 'paid-within-deposit',
  onCall: (applied) => {
    for (const { after } of touchedLeases(applied)) {
      // A close concedes the stated minimum, which may lie after its end.
      const end = Math.max(after.ack, endOf(after, applied.env.nowSeconds))
      const due = owed(after, end, after.extra)
      const got = paid(after)
      if (got > due || due > after.deposit) {
        return `${applied.call.kind}: lease ${after.id} has paid ${got}, owes ${due} of a deposit of ${after.deposit}`
      }
    }
    return undefined
  },
})
