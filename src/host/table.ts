import type { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { JsonValue } from '#core/json'
import type { Records } from '#ports/records'

/** One table of the node's records, its rows parsed by their schema. */
export type Table<T> = {
  readonly get: (key: string) => T | undefined
  readonly put: (key: string, row: T) => void
  readonly delete: (key: string) => void
  /** Rows in key order. Throws 'corrupt' on one that does not parse. */
  readonly all: (prefix?: string) => readonly { readonly key: string; readonly row: T }[]
}

export const createTable = <T>(records: Records, name: string, schema: z.ZodType<T>): Table<T> => {
  const parse = (key: string, value: JsonValue): T => {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    throw new ArtelError('corrupt', `record ${name}/${key} does not parse`, { cause: parsed.error })
  }
  return {
    get: (key) => {
      const value = records.get(name, key)
      return value === undefined ? undefined : parse(key, value)
    },
    put: (key, row) => {
      const value: JsonValue = JSON.parse(JSON.stringify(schema.encode(row)))
      records.put(name, key, value)
    },
    delete: (key) => records.delete(name, key),
    all: (prefix = '') =>
      records.list(name, { prefix }).map(({ key, value }) => ({ key, row: parse(key, value) })),
  }
}
