import { ArtelError } from '#core/errors'
import type { JsonValue } from '#core/json'
import type { Records } from '#ports/records'

type Remember = (undo: () => void) => void

/** Records in memory; `crash` forgets what was not flushed, as a power cut does. */
export type MemoryRecords = Records & { readonly crash: () => void }

/**
 * Records in memory, values kept as JSON text so that no caller shares an object with the store. What is
 * written outside a transaction becomes durable at `flush`.
 */
export const createMemoryRecords = (): MemoryRecords => {
  let undo: (() => void)[] = []
  let depth = 0
  const remember: Remember = (step) => undo.push(step)
  const rollbackTo = (length: number): void => {
    while (undo.length > length) undo.pop()?.()
  }
  const flush = (): void => {
    if (depth === 0) undo = []
  }
  const transaction = <T>(work: () => T): T => {
    const length = undo.length
    depth += 1
    try {
      const result = work()
      if (result instanceof Promise) {
        throw new ArtelError('internal', 'a transaction must be synchronous')
      }
      return result
    } catch (error) {
      rollbackTo(length)
      throw error
    } finally {
      depth -= 1
      flush()
    }
  }
  return {
    ...createTables(remember),
    ...createJournals(remember),
    transaction,
    flush,
    crash: () => rollbackTo(0),
  }
}

const createTables = (remember: Remember): Pick<Records, 'get' | 'put' | 'delete' | 'list'> => {
  const tables = new Map<string, Map<string, string>>()
  const set = (table: string, key: string, text: string | undefined): void => {
    const rows = tables.get(table) ?? new Map<string, string>()
    tables.set(table, rows)
    const before = rows.get(key)
    remember(() => void (before === undefined ? rows.delete(key) : rows.set(key, before)))
    if (text === undefined) rows.delete(key)
    else rows.set(key, text)
  }
  return {
    get: (table, key) => {
      const text = tables.get(table)?.get(key)
      return text === undefined ? undefined : parse(text)
    },
    put: (table, key, value) => set(table, key, JSON.stringify(value)),
    delete: (table, key) => set(table, key, undefined),
    list: (table, options = {}) => {
      const { prefix = '', after, limit = Number.POSITIVE_INFINITY } = options
      return [...(tables.get(table)?.entries() ?? [])]
        .filter(([key]) => key.startsWith(prefix) && (after === undefined || key > after))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([key, text]) => ({ key, value: parse(text) }))
    },
  }
}

const createJournals = (remember: Remember): Pick<Records, 'append' | 'read' | 'trim'> => {
  const journals = new Map<string, { first: number; entries: string[] }>()
  const journalOf = (name: string): { first: number; entries: string[] } => {
    const journal = journals.get(name) ?? { first: 1, entries: [] }
    journals.set(name, journal)
    return journal
  }
  return {
    append: (name, value) => {
      const journal = journalOf(name)
      journal.entries.push(JSON.stringify(value))
      remember(() => void journal.entries.pop())
      return journal.first + journal.entries.length - 1
    },
    read: (name, from, limit) => {
      const journal = journalOf(name)
      const start = Math.max(from, journal.first)
      return journal.entries
        .slice(start - journal.first, start - journal.first + limit)
        .map((text, index) => ({ sequence: start + index, value: parse(text) }))
    },
    trim: (name, before) => {
      const journal = journalOf(name)
      const dropped = journal.entries.splice(0, Math.max(0, before - journal.first))
      journal.first += dropped.length
      remember(() => {
        journal.entries.unshift(...dropped)
        journal.first -= dropped.length
      })
    },
  }
}

const parse = (text: string): JsonValue => JSON.parse(text)
