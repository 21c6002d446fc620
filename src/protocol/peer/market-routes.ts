import { z } from 'zod'
import { addressText } from '#protocol/codecs'
import { offerFilterSchema, signedOfferSchema } from '#protocol/offer'
import { defineRoute } from './route.ts'

export const marketPageMax = 100

/** A page of signed offers that meet a filter, in the order of their operators' addresses. */
export const marketQuery = defineRoute({
  name: 'market.query',
  params: z.strictObject({
    filter: offerFilterSchema,
    /** The operator after whom to go on; absent = from the first. */
    after: addressText.exactOptional(),
    limit: z.number().int().min(1).max(marketPageMax),
  }),
  result: z.strictObject({
    offers: z.array(signedOfferSchema).max(marketPageMax),
    /** Where to go on; absent on the last page. */
    next: addressText.exactOptional(),
  }),
  resultBytesMax: 1024 * 1024,
})
