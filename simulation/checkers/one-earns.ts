import type { AppliedCall } from '#adapters/memory/chain-state'
import { zeroHash } from '#core/ids'
import { endOf, type LeaseRecord } from '#core/lease'
import type { LeasesState } from '#core/leases-state'
import type { Checker } from './checker.ts'

const keyText = ({ terms }: LeaseRecord): string =>
  `${terms.tenant}/${terms.deployment}/${terms.instance}`

const wrongSuccession = (
  state: LeasesState,
  lease: LeaseRecord,
  now: number,
): string | undefined => {
  const current = state.current.get(keyText(lease))
  if (current !== lease.id) return `is not current after its open, ${current} is`
  const { previous, epoch } = lease.terms
  if (previous === zeroHash) return epoch === 1 ? undefined : `is the first, with epoch ${epoch}`
  const before = state.leases.get(previous)
  if (before === undefined) return `succeeds ${previous}, which does not exist`
  if (keyText(before) !== keyText(lease)) return `succeeds ${previous}, a lease of another key`
  if (before.terms.epoch + 1 !== epoch) return `has epoch ${epoch} after ${before.terms.epoch}`
  const end = endOf(before, now)
  return before.ended === undefined || end > lease.opened
    ? `opened at ${lease.opened} while ${previous} earns until ${before.ended === undefined ? 'it ends' : end}`
    : undefined
}

const openedBy = ({ events, after }: AppliedCall): readonly LeaseRecord[] =>
  events.flatMap((event) => {
    const lease = event.kind === 'Opened' ? after.leases.get(event.id) : undefined
    return lease === undefined ? [] : [lease]
  })

/** Invariants 4 and 6: per key one lease earns at a time, epochs are a chain of +1, a bid opens one lease. */
export const createOneEarns = (): Checker => ({
  name: 'one-earns',
  onCall: (applied) => {
    for (const lease of openedBy(applied)) {
      if (applied.before.leases.get(lease.id) !== undefined) {
        return `the bid of lease ${lease.id} was opened twice`
      }
      const wrong = wrongSuccession(applied.after, lease, applied.env.nowSeconds)
      if (wrong !== undefined) return `lease ${lease.id} ${wrong}`
    }
    return undefined
  },
})
