import { endOf } from '#core/lease'
import type { Checker } from './checker.ts'

/** Invariant 5: once everybody had the time for it, every lease is settled or resolved. */
export const createEveryLeaseSettled = (): Checker => ({
  name: 'every-lease-settled',
  onRest: ({ leases, nowSeconds }) => {
    const open = [...leases.leases.entries()]
      .map(([, lease]) => lease)
      .filter((lease) => lease.status !== 'settled')
    const first = open[0]
    if (first === undefined) return undefined
    const { terms, status } = first
    const ended = nowSeconds - endOf(first, nowSeconds)
    return `${open.length} leases are not settled; ${first.id} is ${status}, ended ${ended} s ago (window ${terms.window} s, answer in ${terms.answerIn} s)`
  },
})
