import { endOf, owed } from '#core/lease'
import type { Checker } from './checker.ts'
import { touchedLeases } from './touched-leases.ts'

/** Invariant 8: a successor never changes what its predecessor owes up to its end. */
export const createSupersedeKeepsDebts = (): Checker => ({
  name: 'supersede-keeps-debts',
  onCall: (applied) => {
    if (applied.call.kind !== 'open') return undefined
    const now = applied.env.nowSeconds
    for (const { before, after } of touchedLeases(applied)) {
      if (before === undefined) continue
      const was = owed(before, endOf(before, now), before.extra)
      const is = owed(after, endOf(after, now), after.extra)
      if (was !== is) return `lease ${after.id} owed ${was}, superseded it owes ${is}`
      if (before.bondLeft !== after.bondLeft) return `lease ${after.id} lost bond to its successor`
    }
    return undefined
  },
})
