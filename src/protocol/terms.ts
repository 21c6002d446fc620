import { z } from 'zod'
import type { Receipt, Terms } from '#core/terms'
import { addressText, amountText, hash32Text, rateText, seconds } from './codecs.ts'

const uint32 = z.number().int().nonnegative().max(0xffff_ffff)

export const termsSchema: z.ZodType<Terms> = z.strictObject({
  tenant: addressText,
  host: addressText,
  signer: addressText,
  deployment: hash32Text,
  instance: hash32Text,
  epoch: z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
  previous: hash32Text,
  manifest: hash32Text,
  observers: hash32Text,
  rate: rateText,
  extraMax: amountText,
  bond: amountText,
  quitFee: amountText,
  reportFee: amountText,
  committed: seconds,
  bidExpiry: seconds,
  minimum: uint32,
  silence: uint32,
  window: uint32,
  answerIn: uint32,
})

export const receiptSchema: z.ZodType<Receipt> = z.strictObject({
  lease: hash32Text,
  until: seconds,
  extra: amountText,
})
