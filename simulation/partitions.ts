import type { MemoryInternet } from '#adapters/memory/network'
import type { PeerId } from '#core/ids'

/** Partitions that may overlap: a pair of peers talks again once the last of them is healed. */
export type Partitions = {
  readonly cut: (group: readonly PeerId[], others: readonly PeerId[]) => void
  readonly heal: (group: readonly PeerId[], others: readonly PeerId[]) => void
}

export const createPartitions = (
  internet: Pick<MemoryInternet, 'partition' | 'heal'>,
): Partitions => {
  const cuts = new Map<string, number>()
  const count = (a: PeerId, b: PeerId, change: number): number => {
    const key = a < b ? `${a} ${b}` : `${b} ${a}`
    const sum = (cuts.get(key) ?? 0) + change
    if (sum === 0) cuts.delete(key)
    else cuts.set(key, sum)
    return sum
  }
  const eachPair = (
    group: readonly PeerId[],
    others: readonly PeerId[],
    visit: (a: PeerId, b: PeerId) => void,
  ): void => {
    for (const a of group) for (const b of others) if (a !== b) visit(a, b)
  }
  return {
    cut: (group, others) =>
      eachPair(group, others, (a, b) => {
        if (count(a, b, 1) === 1) internet.partition([a], [b])
      }),
    heal: (group, others) =>
      eachPair(group, others, (a, b) => {
        if (count(a, b, -1) === 0) internet.heal([a], [b])
      }),
  }
}
