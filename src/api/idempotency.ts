import { ArtelError, type ErrorCode, toArtelError } from '#core/errors'
import type { JsonValue } from '#core/json'
import type { Clock } from '#ports/clock'
import type { Records } from '#ports/records'
import { apiLimits } from '#protocol/api/common'
import { apiErrorOf } from './error-response.ts'
import { httpStatus } from './http-status.ts'

/** A response that can be given again. */
export type StoredReply = { readonly status: number; readonly text: string }

export type Write = {
  readonly key: string
  /** Digest of the request; for a streamed body known once the body was read, which this does. */
  readonly fingerprint: () => Promise<string>
  readonly answer: () => Promise<StoredReply>
  /** Aborted when the API stops: then nobody knows whether the write happened. */
  readonly stopping: AbortSignal
}

export type Idempotency = (write: Write) => Promise<StoredReply>

const table = 'api-idempotency'
const order = 'api-idempotency-order'
const keptMax = 10_000
/** After these the write did not happen and the same key may try again. */
const nothingDone: ReadonlySet<ErrorCode> = new Set(['busy', 'unavailable', 'cancelled'])

/**
 * Answers a write at most once per key: the same request gets the stored response, another request under the
 * key gets 'conflict', and so does one whose outcome nobody knows because the daemon stopped meanwhile. Keys
 * are forgotten after a day, and the oldest first beyond 10,000.
 */
export const createIdempotency = ({
  records,
  clock,
}: {
  readonly records: Records
  readonly clock: Clock
}): Idempotency => {
  let count = records.list(order).length
  return async (write: Write): Promise<StoredReply> => {
    const kept = readEntry(records.get(table, write.key), clock.nowMs())
    if (kept !== undefined) return replay(kept, write)
    count += forget(records, clock.nowMs(), count)
    const atMs = clock.nowMs()
    const orderKey = `${String(Math.trunc(atMs)).padStart(15, '0')} ${write.key}`
    records.transaction(() => {
      records.put(table, write.key, { atMs, state: 'begun' })
      records.put(order, orderKey, write.key)
    })
    count += 1
    const release = () =>
      records.transaction(() => {
        records.delete(table, write.key)
        records.delete(order, orderKey)
        count -= 1
      })
    return finish(records, write, atMs, release)
  }
}

const finish = async (
  records: Records,
  write: Write,
  atMs: number,
  release: () => void,
): Promise<StoredReply> => {
  try {
    const reply = await write.answer()
    const fingerprint = await write.fingerprint()
    records.transaction(() => records.put(table, write.key, { atMs, fingerprint, ...reply }))
    return reply
  } catch (thrown) {
    const error = toArtelError(thrown)
    if (!write.stopping.aborted && nothingDone.has(error.code)) release()
    else if (!write.stopping.aborted) {
      const fingerprint = await write.fingerprint().catch(() => '')
      const text = JSON.stringify(apiErrorOf(error))
      const status = httpStatus[error.code]
      records.transaction(() => records.put(table, write.key, { atMs, fingerprint, status, text }))
    }
    throw error
  }
}

type Entry = { readonly fingerprint: string; readonly reply: StoredReply } | 'begun'

const replay = async (kept: Entry, write: Write): Promise<StoredReply> => {
  if (kept === 'begun') {
    throw new ArtelError('conflict', `the outcome of the write under key ${write.key} is unknown`, {
      hint: 'It is still being answered, or was when the daemon stopped: look before you repeat it.',
    })
  }
  if (kept.fingerprint !== (await write.fingerprint())) {
    throw new ArtelError('conflict', `idempotency key ${write.key} was used for another request`, {
      hint: 'Take a new key for each new request.',
    })
  }
  return kept.reply
}

const readEntry = (value: JsonValue | undefined, nowMs: number): Entry | undefined => {
  if (typeof value !== 'object' || value === null || !('atMs' in value)) return undefined
  const { atMs, fingerprint, status, text } = value
  if (typeof atMs !== 'number' || nowMs - atMs > apiLimits.idempotencyHours * 3_600_000) {
    return undefined
  }
  if (typeof fingerprint !== 'string' || typeof status !== 'number' || typeof text !== 'string') {
    return 'begun'
  }
  return { fingerprint, reply: { status, text } }
}

/** Drops what is too old or too much; returns the change of the count. */
const forget = (records: Records, nowMs: number, count: number): number => {
  const before = nowMs - apiLimits.idempotencyHours * 3_600_000
  let dropped = 0
  records.transaction(() => {
    for (const { key, value } of records.list(order, { limit: 100 })) {
      if (Number(key.slice(0, 15)) >= before && count - dropped < keptMax) break
      if (typeof value === 'string') records.delete(table, value)
      records.delete(order, key)
      dropped += 1
    }
  })
  return -dropped
}
