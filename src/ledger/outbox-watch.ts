import { ArtelError } from '#core/errors'
import type { Hash32 } from '#core/ids'
import type { Chain, TransactionState } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import type { Attempt, Entry, Outcome } from './outbox-entry.ts'
import type { Lane, Placed } from './outbox-lane.ts'

export type WatchOptions = {
  /** A transaction that the chain does not know is sent again after this long. */
  readonly rebroadcastMs: number
  /** One that it knows but does not include gets a higher fee after this long. */
  readonly stuckMs: number
  /** What a replacement offers more than the attempt before it. Nodes ask for a tenth at least. */
  readonly feeStep: number
  readonly feeFactorMax: number
  readonly pauseMaxMs: number
}

export const watchDefaults: WatchOptions = {
  rebroadcastMs: 3000,
  stuckMs: 30_000,
  feeStep: 1.25,
  feeFactorMax: 5,
  pauseMaxMs: 2000,
}

type Parts = {
  readonly chain: Chain
  readonly clock: Clock
  readonly log: Log
  readonly lane: Lane
  readonly underway: () => readonly Entry[]
  /** Hears every failure to reach the chain, and undefined when it answers again. */
  readonly onTrouble: (error: ArtelError | undefined) => void
  /** Hears of every new attempt. */
  readonly onAttempt: (entry: Placed) => void
  /** The nonce went to somebody else: takes the entry back to an intent and places it anew. */
  readonly again: (entry: Placed) => Promise<Placed>
}

type Included = Extract<TransactionState, { status: 'included' }>
type Seen = { readonly state: TransactionState; readonly hash: Hash32 }

const firstPauseMs = 4
const pauseGrowth = 1.6
/** Times that the nonce must be found taken, with no attempt of ours included, before a new one is used. */
const takenMax = 3

/** What inclusion means for the call. */
export const outcomeOf = (transaction: Hash32, state: Included): Outcome => {
  const { block, gasUsed, feeWei } = state
  const included = { transaction, block, gasUsed, feeWei }
  return state.succeeded
    ? { status: 'done', ...included }
    : { status: 'refused', refusal: state.refusal ?? 'unknown', included }
}

/** The most advanced of a transaction's attempts: only one of them can ever be included. */
export const look = async (
  chain: Chain,
  attempts: readonly Attempt[],
  signal: AbortSignal,
): Promise<Seen | undefined> => {
  let pending: Seen | undefined
  for (const { hash } of attempts.toReversed()) {
    const state = await chain.transaction(hash, signal)
    if (state.status === 'included') return { state, hash }
    if (state.status === 'pending') pending ??= { state, hash }
  }
  return pending
}

const newest = (entry: Placed): Attempt => entry.signed.attempts.at(-1) ?? entry.signed.attempts[0]

/** Follows one signed transaction until it is included: sends it again, raises its fee, mends its nonce. */
export const watchInclusion = async (
  parts: Parts,
  options: WatchOptions,
  placed: Placed,
  /** Monotonic time at which it was last sent; long ago for one of an earlier life. */
  sentAtMs: number,
  signal: AbortSignal,
): Promise<Outcome> => {
  const { chain, clock, lane, log } = parts
  let entry = placed
  let sentMs = sentAtMs
  let taken = 0

  const resend = async (): Promise<void> => {
    const attempt = newest(entry)
    try {
      await chain.broadcast({ ...attempt, nonce: entry.signed.nonce }, signal)
      taken = 0
    } catch (error) {
      if (!(error instanceof ArtelError) || error.code !== 'conflict') throw error
      taken += 1
      if (taken < takenMax || (await look(chain, entry.signed.attempts, signal)) !== undefined)
        return
      log.warn('another transaction used the nonce', { key: entry.key, nonce: entry.signed.nonce })
      entry = await parts.again(entry)
      taken = 0
    }
  }

  const hurry = async (): Promise<void> => {
    const nonces = parts.underway().flatMap((other) => other.signed?.nonce ?? [])
    await lane.fillGap(Math.min(entry.signed.nonce, ...nonces), signal)
    const feeFactor = newest(entry).feeFactor * options.feeStep
    if (feeFactor > options.feeFactorMax) return
    entry = await lane.replace(entry, feeFactor, signal)
    parts.onAttempt(entry)
  }

  const step = async (): Promise<Outcome | undefined> => {
    const seen = await look(chain, entry.signed.attempts, signal)
    if (seen?.state.status === 'included') return outcomeOf(seen.hash, seen.state)
    const quietMs = clock.monotonicMs() - sentMs
    if (quietMs > (seen === undefined ? options.rebroadcastMs : options.stuckMs)) {
      sentMs = clock.monotonicMs()
      await (seen === undefined ? resend() : hurry())
    }
    return undefined
  }

  for (
    let pauseMs = firstPauseMs;
    ;
    pauseMs = Math.min(pauseMs * pauseGrowth, options.pauseMaxMs)
  ) {
    try {
      const outcome = await step()
      parts.onTrouble(undefined)
      if (outcome !== undefined) return outcome
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof ArtelError)) throw error
      parts.onTrouble(error)
    }
    await clock.sleep(pauseMs, signal)
  }
}
