import { toArtelError } from '#core/errors'
import type { Chain } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import type { Entry, OutboxStore } from './outbox-entry.ts'
import { look, outcomeOf } from './outbox-watch.ts'

type Parts = {
  readonly chain: Chain
  readonly clock: Clock
  readonly log: Log
  readonly store: OutboxStore
}

type SettleOptions = { readonly depth?: number; readonly settleMs?: number }

const depthDefault = 12
const settleMsDefault = 5000
/** Outcomes remembered for callers that submit an old key again. */
const outcomesMax = 2000

/** Looks after included transactions until they are too deep to be taken back by a reorganisation. */
export const keepOutcomes = (
  { chain, clock, log, store }: Parts,
  { depth = depthDefault, settleMs = settleMsDefault }: SettleOptions,
  restart: (entry: Entry) => void,
) => {
  const fresh = new Map<string, Entry>()
  /** Keys of final entries, oldest first. */
  const final = new Set<string>()

  const finalise = (entry: Entry): void => {
    fresh.delete(entry.key)
    if (!entry.final) store.put({ ...entry, final: true })
    final.add(entry.key)
    for (const key of final) {
      if (final.size <= outcomesMax) break
      final.delete(key)
      store.remove(key)
    }
  }

  const check = async (entry: Entry, head: number, signal: AbortSignal): Promise<void> => {
    const { signed, outcome } = entry
    const included = outcome?.status === 'refused' ? outcome.included : outcome
    if (signed === undefined || included === undefined) return finalise(entry)
    const seen = await look(chain, signed.attempts, signal)
    if (fresh.get(entry.key) !== entry) return
    if (seen?.state.status !== 'included') {
      log.warn('a reorganisation took a transaction back', { key: entry.key })
      fresh.delete(entry.key)
      const { key, call, createdMs } = entry
      restart(store.put({ key, call, createdMs, signed, final: false }))
      return
    }
    const again = { ...entry, outcome: outcomeOf(seen.hash, seen.state) }
    if (head - seen.state.block.number >= depth) return finalise(again)
    if (seen.state.block.hash !== included.block.hash) fresh.set(entry.key, store.put(again))
  }

  const sweep = async (signal: AbortSignal): Promise<void> => {
    if (fresh.size === 0) return
    const { number } = await chain.head(signal)
    for (const entry of [...fresh.values()]) await check(entry, number, signal)
  }

  return {
    /** An entry with an outcome, from now on looked after. */
    add: (entry: Entry): void => {
      if (entry.final) final.add(entry.key)
      else fresh.set(entry.key, entry)
    },
    /** Runs until the signal aborts. */
    keep: async (signal: AbortSignal): Promise<void> => {
      while (!signal.aborted) {
        try {
          await clock.sleep(settleMs, signal)
          await sweep(signal)
        } catch (error) {
          if (signal.aborted) return
          log.warn('cannot look after transactions', { reason: toArtelError(error).message })
        }
      }
    },
  }
}
