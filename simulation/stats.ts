import type { LeasesState } from '#core/leases-state'
import type { Sample } from './checkers/checker.ts'
import type { FaultKind } from './faults.ts'
import type { WorldStats } from './result.ts'

const counted = (values: readonly string[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

const sampleStats = ({ tenants }: Pick<Sample, 'tenants'>) => {
  const runs = tenants.flatMap((tenant) => tenant.runs.map(({ view }) => view))
  return {
    runs: runs.length,
    runsMoved: runs.filter(({ epoch }) => epoch > 1).length,
    exits: counted(
      runs.map(({ exit }) => (exit === undefined ? 'none' : (exit.reason ?? 'program'))),
    ),
    maps: tenants.reduce((sum, { maps }) => sum + maps.length, 0),
  }
}

/** A world in numbers. */
export const statsOf = (facts: {
  readonly virtualMs: number
  readonly blocks: number
  readonly wakeUps: number
  readonly leases: LeasesState
  readonly sample: Pick<Sample, 'tenants'>
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
}): WorldStats => {
  const leases = [...facts.leases.leases.entries()].map(([, lease]) => lease)
  return {
    virtualHours: facts.virtualMs / 3_600_000,
    blocks: facts.blocks,
    wakeUps: facts.wakeUps,
    leasesOpened: leases.length,
    leasesSettled: leases.filter(({ status }) => status === 'settled').length,
    faults: facts.faults,
    ...sampleStats(facts.sample),
  }
}
