import type { RunId } from '#core/ids'
import { parseRunId } from '#core/ids'
import type { Records } from '#ports/records'
import { type RunEntry, runEntryCodec } from '#protocol/tenant-records'

const table = 'runs'

/** The list of runs in the node's records. */
export const runStore = (records: Records) => ({
  put: (id: RunId, entry: RunEntry): void => records.put(table, id, runEntryCodec.encode(entry)),
  delete: (id: RunId): void => records.delete(table, id),
  all: (): readonly { readonly id: RunId; readonly entry: RunEntry }[] =>
    records.list(table).flatMap(({ key, value }) => {
      const id = parseRunId(key)
      return id === undefined ? [] : [{ id, entry: runEntryCodec.decode(value, `${table}/${key}`) }]
    }),
})
