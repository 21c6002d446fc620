import { ArtelError, toArtelError } from '#core/errors'
import type { LeaseId, PeerId } from '#core/ids'
import type { Clock } from '#ports/clock'
import type { HostLease } from '#protocol/host-records'
import { authorise } from './authorise.ts'
import type { LeaseKeeper } from './lease-keeper.ts'
import type { LeaseStore } from './lease-store.ts'

export type LeaseAccess = {
  /** The lease of a peer that may speak for it, in whatever state. Throws 'unauthorized'. */
  readonly any: (id: LeaseId, peer: PeerId) => HostLease
  /**
   * The lease once it runs: one that is open but was not seen yet is asked for and awaited a while. Throws
   * 'busy' when the chain does not show it in time, 'conflict' when it is over.
   */
  readonly running: (id: LeaseId, peer: PeerId, signal: AbortSignal) => Promise<HostLease>
}

type Components = {
  readonly clock: Clock
  readonly keeper: Pick<LeaseKeeper, 'ask'>
  readonly leases: LeaseStore
  /** Whether the engine can be worked with yet. */
  readonly ready: () => boolean
}

/** Shorter than the shortest timeout of a route. */
const awaitOpenMs = 8_000

export const createLeaseAccess = ({ clock, keeper, leases, ready }: Components): LeaseAccess => {
  const untilDecided = async (id: LeaseId, signal: AbortSignal): Promise<void> => {
    await keeper.ask(id, signal)
    for (;;) {
      const seen = leases.notice.version()
      const state = leases.get(id)?.state
      if (state !== 'bid' && state !== 'lapsed') return
      await leases.notice.changed(seen, signal)
    }
  }
  const awaitOpen = async (id: LeaseId, signal: AbortSignal): Promise<void> => {
    try {
      await clock.within(awaitOpenMs, signal, 'the open of a lease', (inner) =>
        untilDecided(id, inner),
      )
    } catch (error) {
      signal.throwIfAborted()
      if (toArtelError(error).code !== 'timeout') throw error
      throw new ArtelError('busy', 'the chain does not show this lease yet', {
        hint: 'try again when its transaction is included',
        cause: error,
      })
    }
  }
  return {
    any: (id, peer) => authorise(leases, id, peer),
    running: async (id, peer, signal) => {
      const lease = authorise(leases, id, peer)
      if (lease.state === 'bid' || lease.state === 'lapsed') await awaitOpen(id, signal)
      const current = authorise(leases, id, peer)
      if (current.state === 'running') {
        if (ready()) return current
        throw new ArtelError('unavailable', 'the host is starting', { hint: 'try again shortly' })
      }
      throw new ArtelError('conflict', `lease ${id} is over: ${current.endReason ?? 'it ended'}`)
    },
  }
}
