import { type Endpoint, jsonEndpoint, route } from '#api/endpoint'
import type { NodeService } from '#api/services'
import { statusSchema } from '#protocol/api/node'
import { exampleStatus } from './examples.ts'

/** The node itself. */
export const nodeRoutes = (node: NodeService): readonly Endpoint[] => [
  jsonEndpoint(
    {
      ...route('GET', '/v1/status', 'Whether all is well with this node, and what is not'),
      response: statusSchema,
      responseExample: exampleStatus,
    },
    ({ signal }) => node.status(signal),
  ),
]
