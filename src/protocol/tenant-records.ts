import { z } from 'zod'
import type { Desired, HostIdentity, LeaseDeal, RunOutput } from '#core/deployment'
import type { DeploymentEvent } from '#core/deployment-event'
import { ArtelError } from '#core/errors'
import type { JsonValue } from '#core/json'
import type { Service } from '#core/manifest'
import { walletEntrySchema } from '#protocol/api/node'
import {
  addressText,
  amountText,
  bytesCount,
  hash32Text,
  milliseconds,
  peerIdText,
  rateText,
  runIdText,
  seconds,
  signatureText,
} from './codecs.ts'
import { blobIdText, requirementsSchema, runExitSchema, runSpecSchema } from './manifest.ts'
import { termsSchema } from './terms.ts'

/** What a tenant's node writes into its records, each entry with the version of its form. */
export const tenantRecordsVersion = 1

const text = z.string().max(4096)

const serviceSchema: z.ZodType<Service> = z.strictObject({
  requirements: requirementsSchema,
  run: runSpecSchema.exactOptional(),
  instances: z.number().int().positive(),
  restart: z.enum(['no', 'on-failure-of-host']),
  wishes: z.strictObject({
    rateMax: rateText.exactOptional(),
    regions: z.array(z.string()),
    hosts: z.array(z.string()),
  }),
})

const desiredSchema: z.ZodType<Desired> = z.strictObject({
  deployment: hash32Text,
  instance: hash32Text,
  service: serviceSchema,
  arch: z.string(),
  keepSeconds: z.number().int().nonnegative(),
  holdOutput: z.boolean(),
})

const hostIdentitySchema: z.ZodType<HostIdentity> = z.strictObject({
  address: addressText,
  peer: peerIdText,
  region: z.string(),
})

const dealSchema: z.ZodType<LeaseDeal> = z.strictObject({
  id: hash32Text,
  terms: termsSchema,
  signature: signatureText,
  deposit: amountText,
  host: hostIdentitySchema,
})

const outputSchema: z.ZodType<RunOutput> = z.strictObject({
  path: z.string(),
  blob: blobIdText.exactOptional(),
  bytes: bytesCount,
  problem: text.exactOptional(),
})

const failure = {
  code: z.custom<NonNullable<Extract<DeploymentEvent, { kind: 'place-failed' }>['code']>>(
    (value) => typeof value === 'string' && value.length <= 64,
  ),
  message: text,
  hint: text.exactOptional(),
}
const at = { atMs: milliseconds }
const ofLease = { ...at, lease: hash32Text }

const eventSchema: z.ZodType<DeploymentEvent> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('created'), ...at, desired: desiredSchema }),
  z.strictObject({ kind: z.literal('opening'), ...at, deal: dealSchema }),
  z.strictObject({
    kind: z.literal('open-failed'),
    ...ofLease,
    ...failure,
    host: addressText.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('opened'), ...ofLease }),
  z.strictObject({ kind: z.literal('adopted'), ...at, deal: dealSchema, fromSeconds: seconds }),
  z.strictObject({
    kind: z.literal('place-failed'),
    ...at,
    ...failure,
    host: addressText.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('run-created'), ...ofLease }),
  z.strictObject({ kind: z.literal('run-started'), ...ofLease, startedAtMs: milliseconds }),
  z.strictObject({
    kind: z.literal('run-exited'),
    ...ofLease,
    exit: runExitSchema,
    startedAtMs: milliseconds.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('output-mapped'),
    ...ofLease,
    hostOffset: bytesCount,
    spoolOffset: bytesCount,
  }),
  z.strictObject({ kind: z.literal('outputs-fetched'), ...at, outputs: z.array(outputSchema) }),
  z.strictObject({ kind: z.literal('host-lost'), ...ofLease, ...failure }),
  z.strictObject({ kind: z.literal('topped-up'), ...ofLease, amount: amountText }),
  z.strictObject({
    kind: z.literal('stop-requested'),
    ...at,
    graceSeconds: z.number().int().nonnegative(),
    reason: z.enum(['user', 'timeout']),
  }),
  z.strictObject({ kind: z.literal('finished'), ...at, exit: runExitSchema }),
  z.strictObject({ kind: z.literal('kept'), ...ofLease, untilMs: milliseconds }),
  z.strictObject({ kind: z.literal('handed-over'), ...ofLease, untilSeconds: seconds }),
  z.strictObject({ kind: z.literal('closing'), ...ofLease }),
  z.strictObject({ kind: z.literal('closed'), ...ofLease, paid: amountText.exactOptional() }),
])

/** A run as the node lists it; its life is in its journal. */
const runEntrySchema = z.strictObject({
  name: z.string().max(128),
  imageName: z.string().max(512),
  attached: z.boolean(),
  autoRemove: z.boolean(),
  /** No longer listed; forgotten as soon as its leases are settled. */
  removed: z.boolean(),
  createdAtMs: milliseconds,
})

/** A map as the node lists it. */
const mapEntrySchema = z.strictObject({
  image: z.string().max(512),
  createdAtMs: milliseconds,
  finishedAtMs: milliseconds.exactOptional(),
  status: z.enum(['placing', 'running', 'done', 'failed', 'cancelled']),
  message: text.exactOptional(),
  total: z.number().int(),
  retried: z.number().int(),
  slots: z.array(runIdText).max(10_000),
  /** Off the list, and here only until its leases are closed. */
  removed: z.literal(true).exactOptional(),
  hosts: z.array(
    z.strictObject({
      host: hostIdentitySchema,
      lease: hash32Text,
      rate: rateText,
      tasks: z.number().int(),
      busyMs: milliseconds,
      /** What the chain says the lease cost, once it is closed. */
      paid: amountText.exactOptional(),
    }),
  ),
})

const taskEntrySchema = z.strictObject({
  name: z.string(),
  status: z.enum(['waiting', 'running', 'done', 'failed']),
  tries: z.number().int(),
  host: hostIdentitySchema.exactOptional(),
  exitCode: z.number().int().exactOptional(),
  durationMs: milliseconds.exactOptional(),
  message: text.exactOptional(),
  output: blobIdText.exactOptional(),
})

/** How a host's leases ended. */
const historySchema = z.strictObject({
  settled: z.number().int().nonnegative(),
  failed: z.number().int().nonnegative(),
})

/** One change of the free balance in the vault. */
const walletChangeSchema = walletEntrySchema.extend({ block: z.number().int().nonnegative() })

export type RunEntry = z.output<typeof runEntrySchema>
export type MapEntry = z.output<typeof mapEntrySchema>
export type TaskEntry = z.output<typeof taskEntrySchema>
export type WalletChange = z.output<typeof walletChangeSchema>

type Codec<T> = {
  readonly encode: (value: T) => JsonValue
  /** Throws 'corrupt' with `where` in the message. */
  readonly decode: (value: JsonValue, where: string) => T
}

const versioned = <T>(schema: z.ZodType<T>): Codec<T> => {
  const entry = z.strictObject({ version: z.literal(tenantRecordsVersion), entry: z.json() })
  return {
    encode: (value) => ({
      version: tenantRecordsVersion,
      entry: z.json().parse(z.encode(schema, value)),
    }),
    decode: (value, where) => {
      try {
        return z.decode(schema, entry.parse(value).entry)
      } catch (cause) {
        throw new ArtelError('corrupt', `the record ${where} does not parse`, {
          cause,
          hint: 'It was written by another version of Artel, or the file is damaged.',
        })
      }
    },
  }
}

export const deploymentEventCodec = versioned(eventSchema)
export const runEntryCodec = versioned(runEntrySchema)
export const mapEntryCodec = versioned(mapEntrySchema)
/** A stretch of a map's tasks, in order. */
export const taskEntriesCodec = versioned(z.array(taskEntrySchema).max(1000))
export const historyCodec = versioned(historySchema)
export const walletChangeCodec = versioned(walletChangeSchema)
