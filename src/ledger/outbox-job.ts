import { ArtelError, toArtelError } from '#core/errors'
import type { Chain } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import type { Entry, OutboxStore, Outcome } from './outbox-entry.ts'
import type { Lane, Placed } from './outbox-lane.ts'
import { type WatchOptions, watchInclusion } from './outbox-watch.ts'

/** One entry on its way through this life of the outbox. */
export type Job = {
  entry: Entry
  readonly result: Promise<Outcome>
  /** Gives up while nothing is signed yet. */
  readonly withdraw: AbortController
  /** What looking at the chain keeps meeting, and since when. */
  trouble: { readonly error: ArtelError; readonly sinceMs: number } | undefined
  callers: number
}

type Parts = {
  readonly chain: Chain
  readonly clock: Clock
  readonly log: Log
  readonly store: OutboxStore
  readonly lane: Lane
  readonly underway: () => readonly Entry[]
  readonly watching: WatchOptions
  /** Ends with the outbox. */
  readonly lifetime: AbortSignal
}

/** Brings the job's entry from where it stands to its outcome. */
const carryOut = async (parts: Parts, job: Job): Promise<Outcome> => {
  const { clock, lane, lifetime, log, store } = parts
  const place = async (entry: Entry, withdrawn: AbortSignal): Promise<Placed> => {
    const placed = await lane.place(entry, withdrawn, lifetime)
    onAttempt(placed)
    return placed
  }
  const onAttempt = (placed: Placed): void => {
    job.entry = placed
  }
  const again = ({ key, call, createdMs, final }: Placed): Promise<Placed> => {
    job.entry = store.put({ key, call, createdMs, final })
    return place(job.entry, lifetime)
  }
  const onTrouble = (error: ArtelError | undefined): void => {
    if (error !== undefined && job.trouble === undefined) {
      log.warn('cannot follow a transaction', { key: job.entry.key, reason: error.message })
    }
    const sinceMs = job.trouble?.sinceMs ?? clock.monotonicMs()
    job.trouble = error === undefined ? undefined : { error, sinceMs }
  }
  const { signed } = job.entry
  const placed =
    signed === undefined
      ? await place(job.entry, AbortSignal.any([job.withdraw.signal, lifetime]))
      : { ...job.entry, signed }
  const sentMs = signed === undefined ? clock.monotonicMs() : Number.NEGATIVE_INFINITY
  return watchInclusion(
    { ...parts, onTrouble, onAttempt, again },
    parts.watching,
    placed,
    sentMs,
    lifetime,
  )
}

/** Carries the job out and writes its outcome down; a failure before anything was sent frees the key. */
const finish = async (parts: Parts, job: Job): Promise<Entry & { outcome: Outcome }> => {
  const { log, store, lifetime } = parts
  try {
    const outcome = await carryOut(parts, job)
    const entry = { ...job.entry, outcome }
    store.put(entry)
    log.debug('transaction is included', { key: entry.key, status: outcome.status })
    return entry
  } catch (error) {
    const failure = toArtelError(error)
    if (!lifetime.aborted) {
      log.warn('transaction failed', { key: job.entry.key, reason: failure.message })
      store.remove(job.entry.key)
    }
    throw failure
  }
}

/** Starts on an entry; `onOver` gets the finished entry, or undefined when it failed before it was sent. */
export const startJob = (
  parts: Parts,
  entry: Entry,
  onOver: (finished: Entry | undefined) => void,
): Job => {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  const withdraw = new AbortController()
  const job: Job = { entry, result: promise, withdraw, trouble: undefined, callers: 0 }
  promise.catch(() => undefined) // Logged by finish; callers hear it if there are any.
  finish(parts, job).then(
    (finished) => {
      onOver(finished)
      resolve(finished.outcome)
    },
    (error: unknown) => {
      onOver(undefined)
      reject(error)
    },
  )
  return job
}

const pauseMs = 500

/**
 * Waits for the job, but not beyond its caller's patience. Throws 'unavailable' after `unreachableMs` without
 * the chain, 'timeout' after `inclusionMs`, and the signal's reason.
 */
export const attend = async (
  clock: Clock,
  job: Job,
  { unreachableMs, inclusionMs }: { readonly unreachableMs: number; readonly inclusionMs: number },
  signal: AbortSignal,
): Promise<Outcome> => {
  const done = new AbortController()
  const finished = () => done.abort()
  job.result.then(finished, finished)
  const wake = AbortSignal.any([signal, done.signal])
  const untilMs = clock.monotonicMs() + inclusionMs
  while (!done.signal.aborted) {
    await clock.sleep(pauseMs, wake).catch(() => undefined) // Both reasons are looked at below.
    if (done.signal.aborted) break
    signal.throwIfAborted()
    const nowMs = clock.monotonicMs()
    if (job.trouble !== undefined && nowMs - job.trouble.sinceMs > unreachableMs) {
      throw job.trouble.error
    }
    if (nowMs > untilMs) {
      throw new ArtelError('timeout', `${job.entry.call.kind} is not included yet`, {
        hint: 'The chain is slow or its fees rose; the transaction stays underway.',
      })
    }
  }
  return job.result
}
