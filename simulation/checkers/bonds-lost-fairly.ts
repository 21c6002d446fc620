import type { AppliedCall } from '#adapters/memory/chain-state'
import { owed, paid } from '#core/lease'
import type { LeasesEvent } from '#core/leases-state'
import type { Checker } from './checker.ts'

type Division = Extract<LeasesEvent, { kind: 'Closed' | 'Resolved' | 'Settled' }>

const isDivision = (event: LeasesEvent): event is Division =>
  event.kind === 'Closed' || event.kind === 'Resolved' || event.kind === 'Settled'

/** What is wrong with how a lease's escrow was divided. */
const unfair = (applied: AppliedCall, event: Division): string | undefined => {
  const before = applied.before.leases.get(event.id)
  const after = applied.after.leases.get(event.id)
  if (before === undefined || after === undefined) return 'was never opened'
  const due = owed(before, event.ack, before.extra)
  const bondTo = event.kind === 'Resolved' ? 'tenant' : 'host'
  const toHost = due - paid(before) + (bondTo === 'host' ? before.bondLeft : 0n)
  const toTenant = before.deposit - due + (bondTo === 'tenant' ? before.bondLeft : 0n)
  if (event.toHost !== toHost || event.toTenant !== toTenant) {
    return `gave ${event.toHost} to the host and ${event.toTenant} to the tenant, not ${toHost} and ${toTenant}`
  }
  if (event.kind === 'Resolved' && !event.absent && before.status !== 'reported') {
    return 'took the bond without a report'
  }
  return undefined
}

/** Invariant 9: a host loses nothing, the quit fee (it quit) or all its bond (an unanswered report). */
export const createBondsLostFairly = (): Checker => ({
  name: 'bonds-lost-fairly',
  onCall: (applied) => {
    for (const event of applied.events) {
      if (isDivision(event)) {
        const wrong = unfair(applied, event)
        if (wrong !== undefined) return `${event.kind}: lease ${event.id} ${wrong}`
      } else if (event.kind === 'Quit') {
        const terms = applied.after.leases.get(event.id)?.terms
        if (event.fee !== 0n && event.fee !== terms?.quitFee) {
          return `Quit: lease ${event.id} cost ${event.fee}, its fee is ${terms?.quitFee}`
        }
      } else if ('id' in event && bondShrank(applied, event)) {
        return `${event.kind}: lease ${event.id} lost bond`
      }
    }
    return undefined
  },
})

const bondShrank = ({ before, after, events }: AppliedCall, event: LeasesEvent): boolean => {
  if (!('id' in event)) return false
  const was = before.leases.get(event.id)?.bondLeft ?? 0n
  const is = after.leases.get(event.id)?.bondLeft ?? 0n
  const explained = events.some(
    (other) => (isDivision(other) || other.kind === 'Quit') && other.id === event.id,
  )
  return is < was && !explained
}
