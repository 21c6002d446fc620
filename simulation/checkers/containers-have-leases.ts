import type { LeaseId } from '#core/ids'
import { statusAt } from '#core/lease'
import type { LeasesState } from '#core/leases-state'
import type { Checker } from './checker.ts'

const isLive = (leases: LeasesState, id: LeaseId | undefined, now: number): boolean => {
  const lease = id === undefined ? undefined : leases.leases.get(id)
  if (lease === undefined || lease.ended !== undefined) return false
  const status = statusAt(lease, now)
  return status === 'running' || status === 'reported'
}

/** No sound host runs a container without a live lease for longer than `graceMs`. */
export const createContainersHaveLeases = (graceMs = 180_000): Checker => {
  const aloneSince = new Map<string, number>()
  return {
    name: 'containers-have-leases',
    onSample: ({ atMs, nowSeconds, hosts, leases }) => {
      const alone = new Set<string>()
      for (const { name, soundSinceMs, containers } of hosts) {
        if (soundSinceMs === undefined) continue
        for (const { id, running, lease } of containers) {
          if (!running || isLive(leases, lease, nowSeconds)) continue
          const key = `${name}/${id}`
          alone.add(key)
          const since = Math.max(aloneSince.get(key) ?? atMs, soundSinceMs)
          aloneSince.set(key, since)
          if (atMs - since > graceMs) {
            return `${name} runs container ${id} without a live lease (${lease ?? 'none'}) for ${(atMs - since) / 1000} s`
          }
        }
      }
      for (const key of aloneSince.keys()) if (!alone.has(key)) aloneSince.delete(key)
      return undefined
    },
  }
}
