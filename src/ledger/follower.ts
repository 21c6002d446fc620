import { ArtelError, toArtelError } from '#core/errors'
import type { Address, LeaseId } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import type { BlockRef, Chain, LoggedEvent } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Startable } from '#ports/lifecycle'
import type { Log } from '#ports/log'
import type { Records } from '#ports/records'
import { followHead } from './follow-head.ts'
import { createCursor } from './follower-cursor.ts'
import { createLeaseBook } from './follower-leases.ts'

type Components = {
  readonly chain: Chain
  readonly records: Records
  readonly clock: Clock
  readonly log: Log
}

export type FollowerOptions = {
  /** Leases in which one of these is tenant, signer or host are followed. */
  readonly accounts: readonly Address[]
  /** Where to begin when nothing was followed before: after the newest block when left out. */
  readonly fromBlock?: number
  /** Blocks that a reorganisation may take back. */
  readonly depth?: number
  /** How long an endpoint may show an older head than before until that counts as a reorganisation. */
  readonly lagMs?: number
}

/** The chain as this node has followed it. */
export type Follower = {
  /** The newest block whose events have been told. */
  readonly head: () => BlockRef | undefined
  readonly lease: (id: LeaseId) => LeaseRecord | undefined
  readonly leases: () => readonly LeaseRecord[]
  /** Reads the lease from the chain now. Throws 'unavailable'. */
  readonly refresh: (id: LeaseId, signal: AbortSignal) => Promise<LeaseRecord | undefined>
  /** Calls `handler` for every event of the contracts, after our leases are up to date. */
  readonly onEvent: (handler: (logged: LoggedEvent) => void) => () => void
  /** Calls `handler` for every told event that a reorganisation took back, newest first; the leases are corrected by then. */
  readonly onUndone: (handler: (logged: LoggedEvent) => void) => () => void
  /** Resolves once the lease is known and the predicate holds. Throws 'timeout' and the signal's reason. */
  readonly waitFor: (
    id: LeaseId,
    predicate: (lease: LeaseRecord) => boolean,
    timeoutMs: number,
    signal: AbortSignal,
  ) => Promise<LeaseRecord>
}

const depthDefault = 64
const lagMsDefault = 10_000
const pauseMs = 1000
const pauseMaxMs = 15_000

/** Handlers that all hear the same; one that throws is logged and the others still hear it. */
const createListeners = <T>(log: Log) => {
  const handlers = new Set<(value: T) => void>()
  return {
    tell: (value: T): void => {
      for (const handler of [...handlers]) {
        try {
          handler(value)
        } catch (error) {
          log.error('a listener of the chain failed', { reason: toArtelError(error).message })
        }
      }
    },
    add: (handler: (value: T) => void) => {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
  }
}

export const createFollower = (
  components: Components,
  options: FollowerOptions,
): Follower & Startable => {
  const { chain, records, clock, log } = components
  const cursor = createCursor(records, options.depth ?? depthDefault)
  const book = createLeaseBook(components, options.accounts)
  const happened = createListeners<LoggedEvent>(log)
  const undone = createListeners<LoggedEvent>(log)
  const life = new AbortController()
  let following: Promise<void> = Promise.resolve()

  const step = followHead(
    { chain, records, clock, log, cursor, book, onEvent: happened.tell, onUndone: undone.tell },
    { fromBlock: options.fromBlock, lagMs: options.lagMs ?? lagMsDefault },
  )

  const follow = async (signal: AbortSignal): Promise<void> => {
    let waitMs = pauseMs
    let resumed = false
    while (!signal.aborted) {
      try {
        for await (const head of chain.heads(signal)) {
          if (!resumed) await book.refreshAll(unsettled(), signal)
          resumed = true
          await step(head, signal)
          waitMs = pauseMs
        }
      } catch (error) {
        if (signal.aborted) return
        log.warn('cannot follow the chain', { reason: toArtelError(error).message })
      }
      await clock.sleep(waitMs, signal).catch(() => undefined) // The loop looks at the signal.
      waitMs = Math.min(2 * waitMs, pauseMaxMs)
    }
  }
  const unsettled = () =>
    book.all().flatMap((lease) => (lease.status === 'settled' ? [] : [lease.id]))

  const waitFor: Follower['waitFor'] = (id, predicate, timeoutMs, signal) =>
    clock.within(
      timeoutMs,
      AbortSignal.any([signal, life.signal]),
      `lease ${id}`,
      async (within) => {
        const found = Promise.withResolvers<LeaseRecord>()
        found.promise.catch(() => undefined) // Awaited below, unless reading the lease fails first.
        const look = (lease: LeaseRecord | undefined): void => {
          if (lease?.id === id && predicate(lease)) found.resolve(lease)
        }
        const forget = book.onChange(look)
        const onAbort = () => found.reject(within.reason)
        within.addEventListener('abort', onAbort, { once: true })
        try {
          look(book.get(id))
          if (book.get(id) === undefined) look(await book.refresh(id, within))
          return await found.promise
        } finally {
          forget()
          within.removeEventListener('abort', onAbort)
        }
      },
    )

  return {
    head: cursor.newest,
    lease: book.get,
    leases: book.all,
    refresh: book.refresh,
    onEvent: happened.add,
    onUndone: undone.add,
    waitFor,
    start: async () => {
      following = follow(life.signal)
    },
    stop: async () => {
      life.abort(new ArtelError('cancelled', 'the follower has stopped'))
      await following
    },
  }
}
