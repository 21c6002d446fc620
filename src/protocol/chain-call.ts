import { z } from 'zod'
import type { ClaimItem, DelegationLimits } from '#core/leases-state'
import type { ChainCall } from '#ports/chain'
import {
  addressText,
  amountText,
  hash32Text,
  hexText,
  rateText,
  seconds,
  signatureText,
} from './codecs.ts'
import { termsSchema } from './terms.ts'

const batchMax = 1000
const observersMax = 64
const hostRecordBytesMax = 1024

const limitsSchema: z.ZodType<DelegationLimits> = z.strictObject({
  cap: amountText,
  maxRate: rateText,
  cooldown: seconds,
  expiry: seconds,
})
const claimSchema: z.ZodType<ClaimItem> = z.strictObject({
  terms: termsSchema,
  until: seconds,
  extra: amountText,
  signature: signatureText,
})
const weiText = z.codec(z.string().regex(/^(0|[1-9]\d{0,77})$/), z.bigint(), {
  decode: (text) => BigInt(text),
  encode: (value) => value.toString(),
})
const aboutLease = <Kind extends string>(kind: Kind) =>
  z.strictObject({ kind: z.literal(kind), terms: termsSchema })

/** A call to the chain as it is written down until it is included. */
export const chainCallSchema: z.ZodType<ChainCall> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('deposit'), amount: amountText }),
  z.strictObject({ kind: z.literal('withdraw'), to: addressText, amount: amountText }),
  z.strictObject({ kind: z.literal('setOperator'), key: addressText, allowed: z.boolean() }),
  z.strictObject({
    kind: z.literal('authorize'),
    delegate: addressText,
    deployment: hash32Text,
    limits: limitsSchema,
  }),
  z.strictObject({
    kind: z.literal('open'),
    terms: termsSchema,
    deposit: amountText,
    signature: signatureText,
  }),
  z.strictObject({ kind: z.literal('topUp'), terms: termsSchema, amount: amountText }),
  z.strictObject({
    kind: z.literal('claim'),
    terms: termsSchema,
    until: seconds,
    extra: amountText,
    signature: signatureText,
  }),
  aboutLease('claimSilent'),
  aboutLease('close'),
  aboutLease('quit'),
  aboutLease('report'),
  z.strictObject({ kind: z.literal('answer'), terms: termsSchema, signature: signatureText }),
  aboutLease('resolve'),
  z.strictObject({
    kind: z.literal('resolveAbsent'),
    terms: termsSchema,
    from: seconds,
    quorum: z.number().int().nonnegative(),
    observers: z.array(addressText).max(observersMax),
    signatures: z.array(signatureText).max(observersMax),
  }),
  aboutLease('settle'),
  z.strictObject({ kind: z.literal('claimBatch'), items: z.array(claimSchema).max(batchMax) }),
  z.strictObject({ kind: z.literal('settleBatch'), items: z.array(termsSchema).max(batchMax) }),
  z.strictObject({ kind: z.literal('approve'), amount: amountText }),
  z.strictObject({ kind: z.literal('mint'), to: addressText, amount: amountText }),
  z.strictObject({
    kind: z.literal('announce'),
    operator: addressText,
    record: hexText(hostRecordBytesMax),
  }),
  z.strictObject({ kind: z.literal('transferGas'), to: addressText, wei: weiText }),
])
