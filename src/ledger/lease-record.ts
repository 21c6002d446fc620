import { z } from 'zod'
import type { LeaseRecord } from '#core/lease'
import { addressText, amountText, hash32Text, seconds } from '#protocol/codecs'
import { termsSchema } from '#protocol/terms'

/** A lease as the node remembers it between two looks at the chain. */
export const leaseRecordSchema: z.ZodType<LeaseRecord> = z.strictObject({
  id: hash32Text,
  terms: termsSchema,
  status: z.enum(['running', 'reported', 'ended', 'settled']),
  opened: seconds,
  deposit: amountText,
  bondLeft: amountText,
  ack: seconds,
  extra: amountText,
  ended: seconds.exactOptional(),
  quit: z.boolean(),
  report: z
    .strictObject({
      at: seconds,
      block: z.number().int().nonnegative(),
      by: addressText,
      fee: amountText,
    })
    .exactOptional(),
})
