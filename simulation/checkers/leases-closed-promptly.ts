import type { LeaseId } from '#core/ids'
import { type LeaseRecord, statusAt } from '#core/lease'
import type { Checker, Sample, TenantSample } from './checker.ts'

const isNeeded = ({ runs, maps }: TenantSample, lease: LeaseId): boolean =>
  runs.some(({ view }) => view.lease === lease && view.status !== 'exited') ||
  runs.some(({ view }) => view.status === 'placing') ||
  maps.some(({ status }) => status === 'placing' || status === 'running')

const liveOf = ({ leases, nowSeconds }: Sample, tenant: TenantSample): readonly LeaseRecord[] =>
  [...leases.leases.entries()]
    .map(([, lease]) => lease)
    .filter(
      (lease) =>
        lease.terms.tenant === tenant.address &&
        lease.ended === undefined &&
        statusAt(lease, nowSeconds) === 'running',
    )

/** A sound tenant closes a lease that nothing of it needs, at most `graceMs` after the time it is kept for. */
export const createLeasesClosedPromptly = (keepSecondsMax: number, graceMs = 300_000): Checker => {
  const idleSince = new Map<LeaseId, number>()
  return {
    name: 'leases-closed-promptly',
    onSample: (sample) => {
      const idle = new Set<LeaseId>()
      for (const tenant of sample.tenants) {
        if (tenant.soundSinceMs === undefined) continue
        for (const { id } of liveOf(sample, tenant)) {
          if (isNeeded(tenant, id)) continue
          idle.add(id)
          const since = Math.max(idleSince.get(id) ?? sample.atMs, tenant.soundSinceMs)
          idleSince.set(id, since)
          if (sample.atMs - since > keepSecondsMax * 1000 + graceMs) {
            return `${tenant.name} keeps lease ${id} open for ${(sample.atMs - since) / 1000} s with nothing on it`
          }
        }
      }
      for (const id of idleSince.keys()) if (!idle.has(id)) idleSince.delete(id)
      return undefined
    },
  }
}
