import type { AppliedCall } from '#adapters/memory/chain-state'
import { type LeaseId, zeroHash } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import type { LeasesEvent } from '#core/leases-state'

export type TouchedLease = {
  readonly before: LeaseRecord | undefined
  readonly after: LeaseRecord
}

const idsOf = (event: LeasesEvent): readonly LeaseId[] => {
  if (event.kind === 'Opened') {
    const { previous } = event.terms
    return previous === zeroHash ? [event.id] : [event.id, previous]
  }
  return 'id' in event ? [event.id] : []
}

/** The leases that a call may have changed: those its events name, and whom they succeed. */
export const touchedLeases = ({ before, after, events }: AppliedCall): readonly TouchedLease[] =>
  [...new Set(events.flatMap(idsOf))].flatMap((id) => {
    const lease = after.leases.get(id)
    return lease === undefined ? [] : [{ before: before.leases.get(id), after: lease }]
  })
