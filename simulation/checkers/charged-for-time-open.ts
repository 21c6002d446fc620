import { costOf } from '#core/money'
import type { Checker } from './checker.ts'
import { touchedLeases } from './touched-leases.ts'

/** A tenant is never charged for more than the seconds a lease was open, or the minimum it agreed to. */
export const createChargedForTimeOpen = (): Checker => ({
  name: 'charged-for-time-open',
  onCall: (applied) => {
    for (const { after } of touchedLeases(applied)) {
      if (after.status !== 'settled') continue
      const { rate, minimum, extraMax } = after.terms
      const open = (after.ended ?? applied.env.nowSeconds) - after.opened
      const most = costOf(rate, Math.max(open, minimum)) + extraMax
      const charged = costOf(rate, after.ack - after.opened) + after.extra
      if (charged > most) {
        return `lease ${after.id} was open for ${open} s and charged ${charged}, at most ${most} is fair`
      }
    }
    return undefined
  },
})
