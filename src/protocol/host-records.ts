import { z } from 'zod'
import { hostJoinSchema } from './api/node.ts'
import {
  amountText,
  bytesCount,
  hash32Text,
  milliseconds,
  runIdText,
  seconds,
  signatureText,
} from './codecs.ts'
import { hostRunStateSchema, requirementsSchema, runSpecSchema } from './manifest.ts'
import { termsSchema } from './terms.ts'

/** What a host keeps in its records, table by table. */
export const hostTables = {
  settings: 'host-settings',
  leases: 'host-leases',
  runs: 'host-runs',
  networks: 'host-networks',
  images: 'host-images',
  earnings: 'host-earnings',
} as const

/** What the owner decided; one row, keyed `owner`. */
export const hostSettingsSchema = z.strictObject({
  join: hostJoinSchema,
  state: z.enum(['selling', 'paused', 'leaving']),
})
export type HostSettings = z.output<typeof hostSettingsSchema>

export const heldReceiptSchema = z.strictObject({
  until: seconds,
  extra: amountText,
  signature: signatureText,
})

/**
 * A bid and what became of it, keyed by lease id. `bid` waits for the chain, `lapsed` was not opened in time,
 * `ending` is being cleaned up after, `ended` only waits for its money.
 */
export const hostLeaseSchema = z.strictObject({
  id: hash32Text,
  terms: termsSchema,
  signature: signatureText,
  requirements: requirementsSchema,
  gpuIds: z.array(z.string()),
  state: z.enum(['bid', 'lapsed', 'running', 'ending', 'ended']),
  bidAtMs: milliseconds,
  /** Number of the head in which the open was first seen. */
  seenBlock: z.number().int().exactOptional(),
  openedSeconds: seconds.exactOptional(),
  endedSeconds: seconds.exactOptional(),
  endedAtMs: milliseconds.exactOptional(),
  endReason: z.string().exactOptional(),
  receipt: heldReceiptSchema.exactOptional(),
  earned: amountText,
  settled: z.boolean(),
  /** Transactions for it that the contract refused: makes the next one's key a new one. */
  refusals: z.number().int(),
})
export type HostLease = z.output<typeof hostLeaseSchema>

/** One run of a lease, keyed `lease/run`. */
export const hostRunSchema = z.strictObject({
  lease: hash32Text,
  run: runIdText,
  kind: z.enum(['run', 'worker']),
  spec: runSpecSchema,
  holdOutput: z.boolean(),
  /** What the run's volume takes of the lease's disk. */
  volumeBytes: bytesCount,
  state: hostRunStateSchema,
  container: z.string().exactOptional(),
  createdAtMs: milliseconds,
  /** Targets of inputs that have arrived. */
  inputsDone: z.array(z.string()),
  stdinBytes: bytesCount,
  stdinClosed: z.boolean(),
})
export type HostRun = z.output<typeof hostRunSchema>

/** The bridge of a lease, keyed by lease id; written before it is made. */
export const hostNetworkSchema = z.strictObject({
  name: z.string(),
  bridge: z.string(),
  subnet: z.string(),
})
export type HostNetwork = z.output<typeof hostNetworkSchema>

/** An image that this host brought here for tenants, keyed by its id. */
export const hostImageSchema = z.strictObject({
  sizeBytes: bytesCount,
  usedAtMs: milliseconds,
})
