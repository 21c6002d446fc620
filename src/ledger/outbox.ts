import { ArtelError } from '#core/errors'
import type { Chain, ChainCall } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Startable } from '#ports/lifecycle'
import type { Log } from '#ports/log'
import type { Records } from '#ports/records'
import type { Signer } from '#ports/signer'
import { createBell } from './bell.ts'
import {
  createOutboxStore,
  type Entry,
  type Included,
  type Outcome,
  sameCall,
} from './outbox-entry.ts'
import { attend, type Job, startJob } from './outbox-job.ts'
import { createLane } from './outbox-lane.ts'
import { keepOutcomes } from './outbox-settle.ts'
import { type WatchOptions, watchDefaults } from './outbox-watch.ts'
import { refusalError } from './refusal.ts'

type Components = {
  readonly chain: Chain
  readonly records: Records
  readonly clock: Clock
  readonly log: Log
  readonly signer: Signer
}

export type OutboxOptions = Partial<WatchOptions> & {
  /** Calls that wait or are underway at once. */
  readonly submittedMax?: number
  /** A caller hears 'unavailable' after the chain has been out of reach for this long. */
  readonly unreachableMs?: number
  /** A caller hears 'timeout' after this long; the outbox goes on. */
  readonly inclusionMs?: number
  /** A reorganisation is expected to take back at most this many blocks. */
  readonly depth?: number
  /** How often included transactions are looked at again until they are `depth` deep. */
  readonly settleMs?: number
}

/** Sends transactions, each exactly once per key, whatever crashes, hangs or is taken back meanwhile. */
export type Outbox = {
  /**
   * Resolves when the call is included and succeeded. The same key again, in this life or the next, is the
   * same transaction. Errors: 'reverted' and 'balance' (the contract refuses: `refusalOf` tells the name),
   * 'gas' (the account cannot pay), 'unavailable' (the chain is out of reach) and 'timeout': in the latter two
   * a transaction that is signed already stays underway, so submit the same key again; 'conflict' (the key was
   * used for another call), 'busy' (too many calls), 'cancelled' (the outbox stopped). Aborting `signal`
   * withdraws the call if it is not signed yet.
   */
  readonly submit: (
    call: ChainCall,
    options: { readonly key: string },
    signal: AbortSignal,
  ) => Promise<Included>
  /** Calls without an outcome, oldest first. */
  readonly pending: () => readonly Entry[]
}

const submittedMaxDefault = 256
const unreachableMsDefault = 15_000
const inclusionMsDefault = 600_000

const included = (entry: Entry, outcome: Outcome): Included => {
  if (outcome.status === 'refused') throw refusalError(entry.call.kind, outcome.refusal)
  const { transaction, block, gasUsed, feeWei } = outcome
  return { transaction, block, gasUsed, feeWei }
}

export const createOutbox = (
  components: Components,
  options: OutboxOptions = {},
): Outbox & Startable => {
  const { chain, clock, log, signer } = components
  const store = createOutboxStore(components.records)
  const watching = { ...watchDefaults, ...options }
  const {
    submittedMax = submittedMaxDefault,
    unreachableMs = unreachableMsDefault,
    inclusionMs = inclusionMsDefault,
  } = options
  const patience = { unreachableMs, inclusionMs }
  const jobs = new Map<string, Job>()
  const progress = createBell(clock)
  const life = new AbortController()
  let settling: Promise<void> = Promise.resolve()

  const underway = (): readonly Entry[] =>
    [...jobs.values()].map((job) => job.entry).filter((entry) => entry.signed !== undefined)
  const lane = createLane({
    chain,
    clock,
    log,
    signer,
    store,
    underway,
    progress: (signal) => progress.wait(watching.pauseMaxMs, signal),
  })
  const settlement = keepOutcomes({ chain, clock, log, store }, options, (entry) => run(entry))

  const parts = { chain, clock, log, store, lane, underway, watching, lifetime: life.signal }
  const run = (entry: Entry): Job => {
    const job = startJob(parts, entry, (finished) => {
      jobs.delete(entry.key)
      if (finished !== undefined) settlement.add(finished)
      progress.ring()
    })
    jobs.set(entry.key, job)
    return job
  }

  const jobFor = (call: ChainCall, key: string): Job | Outcome => {
    const job = jobs.get(key)
    const known = job?.entry ?? store.get(key)
    if (known !== undefined && !sameCall(known.call, call)) {
      throw new ArtelError('conflict', `the key ${key} was used for another call`)
    }
    if (job !== undefined) return job
    if (known?.outcome !== undefined) return known.outcome
    if (jobs.size >= submittedMax) {
      throw new ArtelError('busy', `${jobs.size} transactions are underway`)
    }
    const entry = known ?? store.put({ key, call, createdMs: clock.nowMs(), final: false })
    return run(entry)
  }

  return {
    submit: async (call, { key }, signal) => {
      signal.throwIfAborted()
      life.signal.throwIfAborted()
      const job = jobFor(call, key)
      if ('status' in job) return included({ key, call, createdMs: 0, final: true }, job)
      job.callers += 1
      try {
        return included(job.entry, await attend(clock, job, patience, signal))
      } finally {
        job.callers -= 1
        if (job.callers === 0) job.withdraw.abort(signal.reason)
      }
    },
    pending: () =>
      [...jobs.values()].map((job) => job.entry).sort((a, b) => a.createdMs - b.createdMs),
    start: async () => {
      for (const entry of store.all().toSorted((a, b) => a.createdMs - b.createdMs)) {
        if (entry.outcome !== undefined) settlement.add(entry)
        else if (!jobs.has(entry.key)) run(entry)
      }
      settling = settlement.keep(life.signal)
    },
    stop: async () => {
      life.abort(new ArtelError('cancelled', 'the outbox has stopped'))
      await Promise.allSettled([settling, ...[...jobs.values()].map((job) => job.result)])
    },
  }
}
