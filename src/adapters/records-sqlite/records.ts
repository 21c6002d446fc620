import { DatabaseSync } from 'node:sqlite'
import { ArtelError } from '#core/errors'
import type { JsonValue } from '#core/json'
import type { Records } from '#ports/records'
import { migrate } from './migrate.ts'

export type SqliteRecords = Records & { readonly close: () => void }

const listMax = 1_000_000

/**
 * Records in one SQLite file (WAL, synchronous FULL at transaction ends). One process at a time: a second
 * one gets 'conflict'. Throws 'corrupt' for a file that is no database or of a newer schema.
 */
export const openSqliteRecords = (file: string): SqliteRecords => {
  const database = open(file)
  const select = database.prepare('SELECT value FROM entry WHERE tab = ? AND key = ?')
  const upsert = database.prepare(
    'INSERT INTO entry (tab, key, value) VALUES (?, ?, ?) ON CONFLICT (tab, key) DO UPDATE SET value = excluded.value',
  )
  const remove = database.prepare('DELETE FROM entry WHERE tab = ? AND key = ?')
  const scan = database.prepare(
    'SELECT key, value FROM entry WHERE tab = ? AND (? IS NULL OR key > ?) AND key >= ? AND key < ? ORDER BY key LIMIT ?',
  )
  const insert = database.prepare(
    'INSERT INTO journal (name, sequence, value) VALUES (?, (SELECT coalesce(max(next), 1) FROM journal_head WHERE name = ?), ?) RETURNING sequence',
  )
  const advance = database.prepare(
    'INSERT INTO journal_head (name, next) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET next = excluded.next',
  )
  const readFrom = database.prepare(
    'SELECT sequence, value FROM journal WHERE name = ? AND sequence >= ? ORDER BY sequence LIMIT ?',
  )
  const trimBefore = database.prepare('DELETE FROM journal WHERE name = ? AND sequence < ?')
  let depth = 0

  const transaction = <T>(work: () => T): T => {
    const level = depth
    const savepoint = `level_${level}`
    database.exec(level === 0 ? 'BEGIN IMMEDIATE' : `SAVEPOINT ${savepoint}`)
    depth = level + 1
    try {
      const result = work()
      if (result instanceof Promise) {
        throw new ArtelError('internal', 'a transaction must be synchronous')
      }
      database.exec(level === 0 ? 'COMMIT' : `RELEASE ${savepoint}`)
      return result
    } catch (error) {
      if (database.isTransaction) {
        database.exec(level === 0 ? 'ROLLBACK' : `ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`)
      }
      throw error
    } finally {
      depth = level
    }
  }

  return {
    get: (table, key) => parse(select.get(table, key)),
    put: (table, key, value) => void upsert.run(table, key, JSON.stringify(value)),
    delete: (table, key) => void remove.run(table, key),
    list: (table, options = {}) => {
      const { prefix = '', after = null, limit = listMax } = options
      const rows = scan.all(table, after, after, prefix, `${prefix}\u{10ffff}`, limit)
      return rows.map((row) => ({ key: String(row.key), value: JSON.parse(String(row.value)) }))
    },
    append: (name, value) =>
      transaction(() => {
        const row = insert.get(name, name, JSON.stringify(value))
        const sequence = Number(row?.sequence)
        advance.run(name, sequence + 1)
        return sequence
      }),
    read: (name, from, limit) =>
      readFrom.all(name, from, limit).map((row) => ({
        sequence: Number(row.sequence),
        value: JSON.parse(String(row.value)),
      })),
    trim: (name, before) => void trimBefore.run(name, before),
    transaction,
    flush: () => database.exec('PRAGMA wal_checkpoint(PASSIVE)'),
    close: () => database.close(),
  }
}

const parse = (row: Record<string, unknown> | undefined): JsonValue | undefined =>
  row === undefined ? undefined : JSON.parse(String(row.value))

const open = (file: string): DatabaseSync => {
  let database: DatabaseSync
  try {
    database = new DatabaseSync(file, { timeout: 1000 })
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL',
    )
    migrate(database)
  } catch (error) {
    if (error instanceof ArtelError) throw error
    const message = error instanceof Error ? error.message : String(error)
    if (/locked|busy/i.test(message)) {
      throw new ArtelError('conflict', `the database ${file} is in use by another process`, {
        hint: 'Another node runs with this home folder: stop it (`artel down`) or set ARTEL_HOME.',
        cause: error,
      })
    }
    throw new ArtelError('corrupt', `the database ${file} cannot be opened: ${message}`, {
      hint: 'Restore the file from a backup, or move it away to start with empty books.',
      cause: error,
    })
  }
  return database
}
