import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { Address, LeaseId } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import type { Chain } from '#ports/chain'
import type { Log } from '#ports/log'
import type { Records } from '#ports/records'
import { leaseRecordSchema } from './lease-record.ts'

const table = 'ledger-leases'
/** Settled leases kept for callers that still ask; older ones live in the records of their parts. */
const settledMax = 1000
/** Others may name us in their leases: beyond this many unsettled ones no more are followed. */
const unsettledMax = 50_000
const readsAtOnceMax = 8

/** The leases of our accounts, as the chain told them last. */
export type LeaseBook = {
  readonly get: (id: LeaseId) => LeaseRecord | undefined
  readonly all: () => readonly LeaseRecord[]
  /** Reads one lease from the chain; kept and told when it is ours. */
  readonly refresh: (id: LeaseId, signal: AbortSignal) => Promise<LeaseRecord | undefined>
  readonly refreshAll: (ids: Iterable<LeaseId>, signal: AbortSignal) => Promise<void>
  readonly concerns: (terms: LeaseRecord['terms']) => boolean
  readonly onChange: (handler: (lease: LeaseRecord) => void) => () => void
}

type Components = {
  readonly chain: Chain
  readonly records: Records
  readonly log: Log
}

const decode = (key: string, value: unknown): LeaseRecord => {
  const parsed = leaseRecordSchema.safeDecode(value)
  if (parsed.success) return parsed.data
  throw new ArtelError('corrupt', `the remembered lease ${key} does not parse`, {
    cause: parsed.error,
  })
}

const createShelf = (records: Records) => {
  const leases = new Map<LeaseId, LeaseRecord>()
  /** Oldest first. */
  const settled = new Set<LeaseId>()
  const keep = (lease: LeaseRecord): void => {
    leases.set(lease.id, lease)
    if (lease.status === 'settled') settled.add(lease.id)
    else settled.delete(lease.id)
  }
  for (const { key, value } of records.list(table)) keep(decode(key, value))
  return {
    leases,
    unsettled: () => leases.size - settled.size,
    put: (lease: LeaseRecord): void => {
      keep(lease)
      records.put(table, lease.id, z.json().parse(z.encode(leaseRecordSchema, lease)))
      for (const id of settled) {
        if (settled.size <= settledMax) break
        settled.delete(id)
        leases.delete(id)
        records.delete(table, id)
      }
    },
    remove: (id: LeaseId): void => {
      leases.delete(id)
      settled.delete(id)
      records.delete(table, id)
    },
  }
}

export const createLeaseBook = (
  { chain, records, log }: Components,
  accounts: readonly Address[],
): LeaseBook => {
  const shelf = createShelf(records)
  const handlers = new Set<(lease: LeaseRecord) => void>()
  const ours = new Set<Address>(accounts)
  let reads = 0
  /** Which read each lease was last written by: an answer that was overtaken is not written. */
  const writtenBy = new Map<LeaseId, number>()

  const concerns: LeaseBook['concerns'] = ({ tenant, host, signer }) =>
    ours.has(tenant) || ours.has(host) || ours.has(signer)

  const write = (lease: LeaseRecord): void => {
    if (!shelf.leases.has(lease.id) && shelf.unsettled() >= unsettledMax) {
      log.error('too many leases: one is not followed', { lease: lease.id })
      return
    }
    shelf.put(lease)
    for (const handler of handlers) handler(lease)
  }

  const refresh: LeaseBook['refresh'] = async (id, signal) => {
    reads += 1
    const read = reads
    const lease = await chain.lease(id, signal)
    if (read < (writtenBy.get(id) ?? 0)) return shelf.leases.get(id)
    if (lease === undefined) {
      // A reorganisation took its opening back.
      if (shelf.leases.has(id)) shelf.remove(id)
    } else if (concerns(lease.terms)) {
      writtenBy.set(id, read)
      write(lease)
      if (lease.status === 'settled') writtenBy.delete(id)
    }
    return lease
  }

  return {
    get: (id) => shelf.leases.get(id),
    all: () => [...shelf.leases.values()],
    refresh,
    refreshAll: async (ids, signal) => {
      const all = [...new Set(ids)]
      for (let start = 0; start < all.length; start += readsAtOnceMax) {
        const some = all.slice(start, start + readsAtOnceMax)
        await Promise.all(some.map((id) => refresh(id, signal)))
      }
    },
    concerns,
    onChange: (handler) => {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
  }
}
