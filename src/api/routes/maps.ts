import { z } from 'zod'
import { type Endpoint, emptyEndpoint, jsonEndpoint, route, streamEndpoint } from '#api/endpoint'
import type { MapService } from '#api/services'
import { jsonLines } from '#api/stream-response'
import { apiLimits } from '#protocol/api/common'
import { mapPathSchema, pageQuery, taskPathSchema } from '#protocol/api/requests'
import {
  type MapEvent,
  mapCreateSchema,
  mapEventSchema,
  mapViewSchema,
  taskViewSchema,
} from '#protocol/api/runs'
import { exampleMap, exampleMapCreate, exampleTask } from './examples.ts'

const identified = { params: mapPathSchema }

/** Maps: one command over many inputs on several hosts at once. */
export const mapRoutes = (maps: MapService): readonly Endpoint[] => [
  jsonEndpoint(
    {
      ...route('POST', '/v1/maps', 'Creates a map and begins to place it'),
      body: mapCreateSchema,
      bodyExample: exampleMapCreate,
      status: 201,
      response: mapViewSchema,
      responseExample: exampleMap,
      timeoutMs: 300_000,
    },
    ({ body, signal }) => maps.create(body, signal),
  ),
  jsonEndpoint(
    {
      ...route('GET', '/v1/maps', 'Lists maps, newest first, at most 10,000'),
      response: z.array(mapViewSchema),
      responseExample: [exampleMap],
    },
    () => maps.list().slice(0, apiLimits.listMax),
  ),
  jsonEndpoint(
    {
      ...route('GET', '/v1/maps/{id}', 'A map as it stands'),
      ...identified,
      response: mapViewSchema,
      responseExample: exampleMap,
    },
    ({ params }) => maps.get(params.id),
  ),
  jsonEndpoint(
    {
      ...route('POST', '/v1/maps/{id}/cancel', 'Ends a map: stops its tasks, closes its leases'),
      ...identified,
      response: mapViewSchema,
      timeoutMs: 300_000,
    },
    ({ params, signal }) => maps.cancel(params.id, signal),
  ),
  emptyEndpoint(
    { ...route('DELETE', '/v1/maps/{id}', 'Forgets an ended map and its outputs'), ...identified },
    ({ params }) => maps.remove(params.id),
  ),
  ...taskRoutes(maps),
]

const taskRoutes = (maps: MapService): readonly Endpoint[] => [
  jsonEndpoint(
    {
      ...route('GET', '/v1/maps/{id}/tasks', 'The tasks of a map, a page at a time'),
      ...identified,
      query: pageQuery,
      response: z.array(taskViewSchema),
      responseExample: [exampleTask],
    },
    ({ params, query }) => {
      const from = query.from ?? 0
      return maps.tasks(params.id).slice(from, from + (query.limit ?? apiLimits.listMax))
    },
  ),
  streamEndpoint(
    {
      ...route('GET', '/v1/maps/{id}/events', 'The map, its tasks and notices until it has ended'),
      ...identified,
      responseType: 'application/x-ndjson',
      response: mapEventSchema,
      timeoutMs: 'none',
    },
    ({ params, signal }) => jsonLines(encoded(maps.events(params.id, signal))),
  ),
  streamEndpoint(
    {
      ...route('GET', '/v1/maps/{id}/tasks/{index}/output', 'What a task left in /out, as tar'),
      params: taskPathSchema,
      responseType: 'application/x-tar',
      timeoutMs: 'none',
    },
    ({ params, signal }) => maps.output(params.id, params.index, signal),
  ),
]

async function* encoded(events: AsyncIterable<MapEvent>): AsyncGenerator<unknown> {
  for await (const event of events) yield z.encode(mapEventSchema, event)
}
