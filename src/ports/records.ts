import type { JsonValue } from '#core/json'

/** One entry of a journal. Sequences start at 1 and have no gaps. */
export type JournalEntry = { readonly sequence: number; readonly value: JsonValue }

/**
 * What a node must not forget. Synchronous: a call that returned is ordered before the next one, and is on
 * disk once `flush` or an outermost `transaction` returned. Errors: 'corrupt' when the store does not
 * parse, 'out-of-disk' when it is full; then nothing of the call happened.
 */
export type Records = {
  readonly get: (table: string, key: string) => JsonValue | undefined
  readonly put: (table: string, key: string, value: JsonValue) => void
  readonly delete: (table: string, key: string) => void
  /** Entries whose key begins with `prefix`, in key order, at most `limit` of them after key `after`. */
  readonly list: (
    table: string,
    options?: { readonly prefix?: string; readonly after?: string; readonly limit?: number },
  ) => readonly { readonly key: string; readonly value: JsonValue }[]
  /** Appends to a journal and returns the entry's sequence. */
  readonly append: (journal: string, value: JsonValue) => number
  /** Entries from sequence `from` on, oldest first, at most `limit` of them. */
  readonly read: (journal: string, from: number, limit: number) => readonly JournalEntry[]
  /** Drops the journal's entries before sequence `before`. */
  readonly trim: (journal: string, before: number) => void
  /** All of `work`'s writes or none (when it throws); nests. `work` must be synchronous. */
  readonly transaction: <T>(work: () => T) => T
  readonly flush: () => void
}
