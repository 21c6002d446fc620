import type { Clock } from '#ports/clock'
import type { Random } from '#ports/random'

/** One direction between two nodes. */
export type MemoryLink = {
  readonly latencyMs: number
  /** Added to the latency, evenly spread from 0. */
  readonly jitterMs: number
  readonly bytesPerSecond: number
  /** How often a gossiped message is lost, 0 to 1; streams repeat what they lose. */
  readonly lossRatio: number
}

/** An ordered pipe: what is sent arrives later, in order; held back while the line is cut. */
export type MemoryLine = {
  readonly send: (bytes: number, arrive: () => void) => void
  readonly setLink: (link: Partial<MemoryLink>) => void
  readonly link: () => MemoryLink
  readonly cut: () => void
  readonly heal: () => void
  /** For how long it has been cut; 0 while it is whole. */
  readonly cutForMs: () => number
}

type Parcel = { readonly atMs: number; readonly arrive: () => void }

/** `closed` ends the line: nothing arrives any more and no timer is left. */
export const createMemoryLine = (
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  initial: MemoryLink,
  closed: AbortSignal,
): MemoryLine => {
  const parcels: Parcel[] = []
  let link = initial
  let freeAtMs = 0
  let lastAtMs = 0
  let moving = false
  let cutAtMs = 0
  let whole: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined

  const move = async () => {
    moving = true
    for (let next = parcels[0]; next !== undefined && !closed.aborted; next = parcels[0]) {
      if (whole !== undefined) await whole.promise
      const waitMs = next.atMs - clock.monotonicMs()
      if (waitMs > 0) await clock.sleep(waitMs, closed)
      if (whole !== undefined) continue
      parcels.shift()
      next.arrive()
    }
    moving = false
  }
  const start = () => {
    if (moving || closed.aborted) return
    move().catch((error: unknown) => {
      if (!closed.aborted) throw error
    })
  }

  return {
    send: (bytes, arrive) => {
      freeAtMs = Math.max(freeAtMs, clock.monotonicMs()) + (bytes * 1000) / link.bytesPerSecond
      const jitterMs = link.jitterMs > 0 ? random.integer(Math.ceil(link.jitterMs) + 1) : 0
      lastAtMs = Math.max(lastAtMs, freeAtMs + link.latencyMs + jitterMs)
      parcels.push({ atMs: lastAtMs, arrive })
      start()
    },
    setLink: (change) => {
      link = { ...link, ...change }
    },
    link: () => link,
    cut: () => {
      if (whole !== undefined) return
      cutAtMs = clock.monotonicMs()
      whole = Promise.withResolvers<void>()
    },
    heal: () => {
      whole?.resolve()
      whole = undefined
    },
    cutForMs: () => (whole === undefined ? 0 : clock.monotonicMs() - cutAtMs),
  }
}
