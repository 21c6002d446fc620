import { z } from 'zod'
import { type Endpoint, jsonEndpoint, route } from '#api/endpoint'
import type { LeaseService } from '#api/services'
import { apiLimits } from '#protocol/api/common'
import { leaseViewSchema } from '#protocol/api/node'
import { allQuery } from '#protocol/api/requests'
import { exampleLease } from './examples.ts'

/** Leases of this node, as tenant and as host. */
export const leaseRoutes = (leases: LeaseService): readonly Endpoint[] => [
  jsonEndpoint(
    {
      ...route(
        'GET',
        '/v1/leases',
        'Lists open leases, with all also settled ones, at most 10,000',
      ),
      query: allQuery,
      response: z.array(leaseViewSchema),
      responseExample: [exampleLease],
    },
    ({ query }) => leases.list(query.all ?? false).slice(0, apiLimits.listMax),
  ),
]
