import type { BlockRef } from '#ports/chain'
import type { Clock } from '#ports/clock'

/** The chain's time as a host sees it: the head's, carried on by the machine's steady clock. */
export type ChainTime = {
  /** Looks at a head; one that was seen before changes nothing. */
  readonly see: (head: BlockRef) => void
  /** Unix seconds. Before any head was seen, the machine's own time. */
  readonly nowSeconds: () => number
  /** The later of chain and machine: for promises, which must not be in the past for either. */
  readonly laterSeconds: () => number
  readonly headNumber: () => number
  readonly headSeconds: () => number
  /** How far blocks were apart lately; 0 while unknown. */
  readonly blockSeconds: () => number
}

type Seen = { readonly head: BlockRef; readonly atMs: number }

/** Heads over which the distance of blocks is averaged. */
const headsKept = 8

export const createChainTime = (clock: Clock): ChainTime => {
  const heads: Seen[] = []
  const newest = (): Seen | undefined => heads.at(-1)
  const machine = (): number => Math.floor(clock.nowMs() / 1000)
  const nowSeconds = (): number => {
    const seen = newest()
    if (seen === undefined) return machine()
    return Math.floor(
      seen.head.timestampSeconds + Math.max(0, clock.monotonicMs() - seen.atMs) / 1000,
    )
  }
  return {
    see: (head) => {
      if (newest()?.head.hash === head.hash) return
      heads.push({ head, atMs: clock.monotonicMs() })
      if (heads.length > headsKept) heads.shift()
    },
    nowSeconds,
    laterSeconds: () => Math.max(nowSeconds(), machine()),
    headNumber: () => newest()?.head.number ?? 0,
    headSeconds: () => newest()?.head.timestampSeconds ?? 0,
    blockSeconds: () => {
      const first = heads[0]?.head
      const last = newest()?.head
      if (first === undefined || last === undefined || last.number <= first.number) return 0
      return (
        Math.max(0, last.timestampSeconds - first.timestampSeconds) / (last.number - first.number)
      )
    },
  }
}
