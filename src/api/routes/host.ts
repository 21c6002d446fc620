import { z } from 'zod'
import { type Endpoint, jsonEndpoint, route } from '#api/endpoint'
import type { HostService } from '#api/services'
import { apiLimits } from '#protocol/api/common'
import { earningSchema, hostJoinSchema, hostViewSchema } from '#protocol/api/node'
import { leaveSchema } from '#protocol/api/requests'
import { exampleEarning, exampleHost, exampleJoin } from './examples.ts'

/** This machine as a host: what it sells and to whom. */
export const hostRoutes = (host: HostService): readonly Endpoint[] => [
  view('GET', '/v1/host', 'What this machine sells and what runs on it', () => host.view()),
  view('POST', '/v1/host/pause', 'Takes no new leases; the open ones go on', () => host.pause()),
  view('POST', '/v1/host/resume', 'Takes new leases again', () => host.resume()),
  jsonEndpoint(
    {
      ...route('POST', '/v1/host/join', 'Begins to sell what this machine has, at this price'),
      body: hostJoinSchema,
      bodyExample: exampleJoin,
      response: hostViewSchema,
      responseExample: exampleHost,
      timeoutMs: 180_000,
    },
    ({ body, signal }) => host.join(body, signal),
  ),
  jsonEndpoint(
    {
      ...route(
        'POST',
        '/v1/host/leave',
        'Ends selling: waits for leases, quits the rest, cleans up',
      ),
      body: leaveSchema,
      bodyExample: { drainSeconds: 60 },
      response: hostViewSchema,
      timeoutMs: 90_000_000,
    },
    ({ body, signal }) => host.leave(body.drainSeconds, signal),
  ),
  jsonEndpoint(
    {
      ...route('GET', '/v1/host/earnings', 'What each lease earned, newest first, at most 10,000'),
      response: z.array(earningSchema),
      responseExample: [exampleEarning],
    },
    () => host.earnings().slice(0, apiLimits.listMax),
  ),
]

const view = (
  method: 'GET' | 'POST',
  path: string,
  summary: string,
  ask: () => Promise<z.output<typeof hostViewSchema>> | z.output<typeof hostViewSchema>,
): Endpoint =>
  jsonEndpoint(
    { ...route(method, path, summary), response: hostViewSchema, responseExample: exampleHost },
    ask,
  )
