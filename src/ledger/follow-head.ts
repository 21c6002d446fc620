import type { LeaseId } from '#core/ids'
import { type BlockRef, blocksPerQueryMax, type Chain, type LoggedEvent } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import type { Records } from '#ports/records'
import type { Cursor } from './follower-cursor.ts'
import type { LeaseBook } from './follower-leases.ts'

type Parts = {
  readonly chain: Chain
  readonly records: Records
  readonly clock: Clock
  readonly log: Log
  readonly cursor: Cursor
  readonly book: LeaseBook
  readonly onEvent: (logged: LoggedEvent) => void
  readonly onUndone: (logged: LoggedEvent) => void
}

type Options = { readonly fromBlock: number | undefined; readonly lagMs: number }

/** Leases of ours that an event may have changed. */
const touched = (book: LeaseBook, { event }: LoggedEvent): readonly LeaseId[] => {
  if (!('id' in event)) return []
  const known = book.get(event.id) !== undefined
  if (event.kind !== 'Opened') return known ? [event.id] : []
  // An opening supersedes its predecessor without an event of its own.
  const superseded = book.get(event.terms.previous) === undefined ? [] : [event.terms.previous]
  return book.concerns(event.terms) ? [event.id, ...superseded] : superseded
}

/** Events grouped by block, each block once, oldest first; the last one is `head` even when it has none. */
const byBlock = (events: readonly LoggedEvent[], head: BlockRef | undefined) => {
  const blocks = new Map<number, { block: BlockRef; events: LoggedEvent[] }>()
  for (const logged of events) {
    const found = blocks.get(logged.block.number) ?? { block: logged.block, events: [] }
    found.events.push(logged)
    blocks.set(logged.block.number, found)
  }
  if (head !== undefined && !blocks.has(head.number)) {
    blocks.set(head.number, { block: head, events: [] })
  }
  return [...blocks.values()]
}

/** Makes the function that brings the follower to a new head: first back to what is still true, then forward. */
export const followHead = (parts: Parts, { fromBlock, lagMs }: Options) => {
  const { chain, records, clock, log, cursor, book } = parts
  let laggingSinceMs: number | undefined
  /** Events taken back that nobody has heard of yet, newest first. */
  let undone: readonly LoggedEvent[] | undefined

  const unsettled = () =>
    book.all().flatMap((lease) => (lease.status === 'settled' ? [] : [lease.id]))

  /** An endpoint behind the one that we asked before shows an old head for a while. */
  const isLag = (head: BlockRef, newest: BlockRef, common: BlockRef | undefined): boolean => {
    if (head.number >= newest.number || common === undefined) {
      laggingSinceMs = undefined
      return false
    }
    laggingSinceMs ??= clock.monotonicMs()
    return clock.monotonicMs() - laggingSinceMs < lagMs
  }

  const rollBack = async (common: BlockRef | undefined, signal: AbortSignal) => {
    if (common === undefined) log.error('the chain is not the one that was followed before')
    undone = cursor.rollBack(common?.number ?? -1)
    log.warn('the chain was reorganised', { to: common?.number, events: undone.length })
    await tellUndone(signal)
  }

  /** Corrects the leases, then tells; begun again with the next head when the chain does not answer. */
  const tellUndone = async (signal: AbortSignal) => {
    if (undone === undefined) return
    const events = undone
    const settledAgain = events.flatMap((logged) => ('id' in logged.event ? [logged.event.id] : []))
    await book.refreshAll([...unsettled(), ...settledAgain.filter((id) => book.get(id))], signal)
    undone = undefined
    for (const logged of events) parts.onUndone(logged)
  }

  /** False when the head is no news. */
  const settleWith = async (head: BlockRef, signal: AbortSignal): Promise<boolean> => {
    const newest = cursor.newest()
    if (newest === undefined || head.parent === newest.hash) return true
    if (head.hash === newest.hash) return false
    const common = await cursor.common(chain, head.number, signal)
    if (isLag(head, newest, common)) return false
    if (common?.hash !== newest.hash) await rollBack(common, signal)
    return true
  }

  const tell = async (
    events: readonly LoggedEvent[],
    last: BlockRef | undefined,
    signal: AbortSignal,
  ) => {
    await book.refreshAll(
      events.flatMap((logged) => touched(book, logged)),
      signal,
    )
    for (const logged of events) parts.onEvent(logged)
    // Written down last: after a crash in between the events are told again.
    records.transaction(() => cursor.advance(byBlock(events, last)))
  }

  return async (head: BlockRef, signal: AbortSignal): Promise<void> => {
    await tellUndone(signal)
    if (!(await settleWith(head, signal))) return
    const newest = cursor.newest()
    if (newest === undefined && fromBlock === undefined) return tell([], head, signal)
    let from = newest === undefined ? (fromBlock ?? 0) : newest.number + 1
    while (from <= head.number) {
      const to = Math.min(head.number, from + blocksPerQueryMax - 1)
      const events = await chain.events(from, to, signal)
      const last = to === head.number ? head : await chain.block(to, signal)
      await tell(events, last, signal)
      from = to + 1
    }
  }
}
