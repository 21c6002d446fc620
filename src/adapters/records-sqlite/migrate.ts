import type { DatabaseSync } from 'node:sqlite'
import { ArtelError } from '#core/errors'

/** Each entry lifts the schema by one version; entries are never edited, only added. */
const steps: readonly string[] = [
  `CREATE TABLE entry (tab TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tab, key)) WITHOUT ROWID;
   CREATE TABLE journal (name TEXT NOT NULL, sequence INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name, sequence)) WITHOUT ROWID;
   CREATE TABLE journal_head (name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;`,
]

/** Lifts the database to the newest schema in one transaction; 'corrupt' when it is newer than this program. */
export const migrate = (database: DatabaseSync): void => {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0)
  if (version > steps.length) {
    throw new ArtelError('corrupt', `the database has schema ${version}, newer than this Artel`, {
      hint: 'Update Artel, or use another ARTEL_HOME.',
    })
  }
  if (version === steps.length) return
  database.exec('BEGIN IMMEDIATE')
  for (const step of steps.slice(version)) database.exec(step)
  database.exec(`PRAGMA user_version = ${steps.length}; COMMIT`)
}
