import { parseRunId, type RunId } from '#core/ids'
import type { Records } from '#ports/records'
import {
  type MapEntry,
  mapEntryCodec,
  type TaskEntry,
  taskEntriesCodec,
} from '#protocol/tenant-records'

const table = 'maps'
const taskTable = 'map-tasks'
/** Tasks are written in stretches, so that a large map costs little per task. */
export const stretchTasks = 500

const stretchKey = (id: RunId, stretch: number): string =>
  `${id}/${String(stretch).padStart(6, '0')}`

/** Maps and their tasks in the node's records. */
export const mapStore = (records: Records) => ({
  put: (id: RunId, entry: MapEntry): void =>
    records.transaction(() => records.put(table, id, mapEntryCodec.encode(entry))),
  putStretches: (id: RunId, tasks: readonly TaskEntry[], stretches: Iterable<number>): void =>
    records.transaction(() => {
      for (const stretch of stretches) {
        const from = stretch * stretchTasks
        const part = tasks.slice(from, from + stretchTasks)
        records.put(taskTable, stretchKey(id, stretch), taskEntriesCodec.encode(part))
      }
    }),
  tasks: (id: RunId): TaskEntry[] =>
    records
      .list(taskTable, { prefix: `${id}/` })
      .flatMap(({ key, value }) => taskEntriesCodec.decode(value, `${taskTable}/${key}`)),
  remove: (id: RunId): void =>
    records.transaction(() => {
      records.delete(table, id)
      for (const { key } of records.list(taskTable, { prefix: `${id}/` })) {
        records.delete(taskTable, key)
      }
    }),
  all: (): readonly { readonly id: RunId; readonly entry: MapEntry }[] =>
    records.list(table).flatMap(({ key, value }) => {
      const id = parseRunId(key)
      return id === undefined ? [] : [{ id, entry: mapEntryCodec.decode(value, `${table}/${key}`) }]
    }),
})
