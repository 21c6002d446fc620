import type { Clock } from '#ports/clock'

/** Names remembered; when more come at once all start anew. */
const namesMax = 10_000

/** How often each name may do something: a bucket that fills up evenly. */
export type Allowance = {
  /** Takes one if the name has one left. */
  readonly take: (name: string) => boolean
}

/** `max` at once and as many again in every `perMs`, for each name. */
export const createAllowance = (clock: Clock, max: number, perMs: number): Allowance => {
  const buckets = new Map<string, { readonly left: number; readonly atMs: number }>()
  return {
    take: (name) => {
      const nowMs = clock.monotonicMs()
      const bucket = buckets.get(name) ?? { left: max, atMs: nowMs }
      const left = Math.min(max, bucket.left + ((nowMs - bucket.atMs) * max) / perMs)
      if (left < 1) return false
      if (buckets.size >= namesMax && !buckets.has(name)) buckets.clear()
      buckets.set(name, { left: left - 1, atMs: nowMs })
      return true
    },
  }
}
