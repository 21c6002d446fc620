import { toArtelError } from '#core/errors'
import type { PeerId } from '#core/ids'
import type { Caller } from '#peers/caller'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import { nodePing } from '#protocol/peer/host-routes'
import type { Latencies } from './listings.ts'

/** Round trips to hosts, measured when somebody wants to know them. */
export type LatencyProbe = Latencies & {
  /** Measures those of `peers` that are unknown or old, all at once, for at most `withinMs`. Never throws. */
  readonly measure: (
    peers: readonly PeerId[],
    withinMs: number,
    signal: AbortSignal,
  ) => Promise<void>
}

const freshMs = 10 * 60_000
const peersMax = 10_000
const atOnceMax = 64

type Components = { readonly clock: Clock; readonly caller: Caller; readonly log: Log }

export const createLatencyProbe = ({ clock, caller, log }: Components): LatencyProbe => {
  const known = new Map<PeerId, { readonly ms: number; readonly atMs: number }>()
  const handlers = new Set<() => void>()

  const isFresh = (peer: PeerId): boolean =>
    clock.monotonicMs() - (known.get(peer)?.atMs ?? Number.NEGATIVE_INFINITY) < freshMs
  const remember = (peer: PeerId, ms: number): void => {
    known.delete(peer)
    known.set(peer, { ms, atMs: clock.monotonicMs() })
    const [oldest] = known.keys()
    if (known.size > peersMax && oldest !== undefined) known.delete(oldest)
  }
  const probe = async (peer: PeerId, signal: AbortSignal): Promise<void> => {
    try {
      // The first call may have to dial: the second one is the round trip.
      await caller.call(peer, nodePing, {}, { signal })
      const beganMs = clock.monotonicMs()
      await caller.call(peer, nodePing, {}, { signal })
      remember(peer, clock.monotonicMs() - beganMs)
    } catch (caught) {
      log.debug('a host did not answer a ping', { peer, reason: toArtelError(caught).message })
    }
  }
  return {
    of: (peer) => known.get(peer)?.ms,
    onChange: (handler) => {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
    measure: async (peers, withinMs, signal) => {
      const unknown = peers.filter((peer) => !isFresh(peer)).slice(0, atOnceMax)
      if (unknown.length === 0) return
      try {
        await clock.within(withinMs, signal, 'measuring latencies', (limit) =>
          Promise.all(unknown.map((peer) => probe(peer, limit))),
        )
      } catch (caught) {
        log.debug('latencies were not measured', { reason: toArtelError(caught).message })
      }
      for (const handler of [...handlers]) handler()
    },
  }
}
