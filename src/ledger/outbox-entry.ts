import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { Hash32, Hex } from '#core/ids'
import type { BlockRef, ChainCall } from '#ports/chain'
import type { Records } from '#ports/records'
import { chainCallSchema } from '#protocol/chain-call'
import { hash32Text, hexText } from '#protocol/codecs'

/** One signed form of a transaction; later ones offer higher fees for the same nonce. */
export type Attempt = { readonly hash: Hash32; readonly raw: Hex; readonly feeFactor: number }

export type Included = {
  readonly transaction: Hash32
  readonly block: BlockRef
  readonly gasUsed: bigint
  readonly feeWei: bigint
}

/** How a transaction ended; `refused` without a hash was refused before it was sent. */
export type Outcome =
  | ({ readonly status: 'done' } & Included)
  | { readonly status: 'refused'; readonly refusal: string; readonly included?: Included }

/** A call under its idempotency key: an intent until it has a nonce and attempts, over when it has an outcome. */
export type Entry = {
  readonly key: string
  readonly call: ChainCall
  readonly createdMs: number
  readonly signed?: {
    readonly nonce: number
    readonly gas: bigint
    readonly attempts: readonly [Attempt, ...Attempt[]]
  }
  readonly outcome?: Outcome
  /** Too deep in the chain to be taken back. */
  readonly final: boolean
}

const rawBytesMax = 1024 * 1024
const whole = z.number().int().nonnegative()
const bigText = z.codec(z.string().regex(/^\d{1,78}$/), z.bigint(), {
  decode: (text) => BigInt(text),
  encode: (value) => value.toString(),
})
const attemptSchema = z.strictObject({
  hash: hash32Text,
  raw: hexText(rawBytesMax),
  feeFactor: z.number().min(1),
})
const includedShape = {
  transaction: hash32Text,
  block: z.strictObject({
    number: whole,
    hash: hash32Text,
    parent: hash32Text,
    timestampSeconds: whole,
  }),
  gasUsed: bigText,
  feeWei: bigText,
}
const entrySchema: z.ZodType<Entry> = z.strictObject({
  key: z.string(),
  call: chainCallSchema,
  createdMs: z.number(),
  signed: z
    .strictObject({
      nonce: whole,
      gas: bigText,
      attempts: z.tuple([attemptSchema], attemptSchema),
    })
    .exactOptional(),
  outcome: z
    .discriminatedUnion('status', [
      z.strictObject({ status: z.literal('done'), ...includedShape }),
      z.strictObject({
        status: z.literal('refused'),
        refusal: z.string(),
        included: z.strictObject(includedShape).exactOptional(),
      }),
    ])
    .exactOptional(),
  final: z.boolean(),
})

const table = 'ledger-outbox'

/** Two calls that would do the same. */
export const sameCall = (a: ChainCall, b: ChainCall): boolean =>
  JSON.stringify(z.encode(chainCallSchema, a)) === JSON.stringify(z.encode(chainCallSchema, b))

/** The outbox's entries in the node's records: what `put` returned from is on disk. */
export type OutboxStore = {
  readonly all: () => readonly Entry[]
  readonly get: (key: string) => Entry | undefined
  readonly put: (entry: Entry) => Entry
  readonly remove: (key: string) => void
}

const decode = (key: string, value: unknown): Entry => {
  try {
    return z.decode(entrySchema, value)
  } catch (cause) {
    throw new ArtelError('corrupt', `the outbox entry ${key} does not parse`, {
      cause,
      hint: 'The node’s records are damaged or of another version.',
    })
  }
}

export const createOutboxStore = (records: Records): OutboxStore => ({
  all: () => records.list(table).map(({ key, value }) => decode(key, value)),
  get: (key) => {
    const value = records.get(table, key)
    return value === undefined ? undefined : decode(key, value)
  },
  put: (entry) => {
    const value = z.json().parse(z.encode(entrySchema, entry))
    records.transaction(() => records.put(table, entry.key, value))
    return entry
  },
  remove: (key) => records.transaction(() => records.delete(table, key)),
})
