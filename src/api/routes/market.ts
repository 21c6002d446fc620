import { z } from 'zod'
import { type Endpoint, jsonEndpoint, route } from '#api/endpoint'
import type { MarketService } from '#api/services'
import { apiLimits } from '#protocol/api/common'
import { offerViewSchema } from '#protocol/api/node'
import { exampleOffer } from './examples.ts'

/** The market: what hosts offer. */
export const marketRoutes = (market: MarketService): readonly Endpoint[] => [
  jsonEndpoint(
    {
      ...route('GET', '/v1/offers', 'Lists the offers that this node knows, at most 10,000'),
      response: z.array(offerViewSchema),
      responseExample: [exampleOffer],
    },
    async ({ signal }) => (await market.offers(signal)).slice(0, apiLimits.listMax),
  ),
]
