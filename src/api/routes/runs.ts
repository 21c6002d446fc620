import { z } from 'zod'
import { type Endpoint, emptyEndpoint, jsonEndpoint, route } from '#api/endpoint'
import type { RunService } from '#api/services'
import type { Clock } from '#ports/clock'
import { apiLimits } from '#protocol/api/common'
import {
  forceQuery,
  killSchema,
  resizeSchema,
  runPathSchema,
  stopSchema,
} from '#protocol/api/requests'
import { planSchema, runCreateSchema, runInspectSchema, runViewSchema } from '#protocol/api/runs'
import { examplePlan, exampleRun, exampleRunCreate } from './examples.ts'
import { runStreamRoutes } from './run-streams.ts'

const named = { params: runPathSchema }
const placingMs = 300_000

/** Runs: one execution of a container each. */
export const runRoutes = (runs: RunService, clock: Clock): readonly Endpoint[] => [
  ...createRoutes(runs),
  ...stateRoutes(runs),
  ...runStreamRoutes(runs, clock),
]

const createRoutes = (runs: RunService): readonly Endpoint[] => [
  jsonEndpoint(
    {
      ...route('POST', '/v1/runs', 'Creates a run and begins to place it'),
      body: runCreateSchema,
      bodyExample: exampleRunCreate,
      status: 201,
      response: runViewSchema,
      responseExample: exampleRun,
      timeoutMs: placingMs,
    },
    ({ body, signal }) => runs.create(body, signal),
  ),
  jsonEndpoint(
    {
      ...route(
        'POST',
        '/v1/runs/plan',
        'Says which hosts a run would be offered to, and their prices',
      ),
      body: runCreateSchema,
      bodyExample: exampleRunCreate,
      response: planSchema,
      responseExample: examplePlan,
      timeoutMs: placingMs,
    },
    ({ body, signal }) => runs.plan(body, signal),
  ),
  jsonEndpoint(
    {
      ...route('GET', '/v1/runs', 'Lists runs, newest first, at most 10,000'),
      response: z.array(runViewSchema),
      responseExample: [exampleRun],
    },
    () => runs.list().slice(0, apiLimits.listMax),
  ),
]

const stateRoutes = (runs: RunService): readonly Endpoint[] => [
  jsonEndpoint(
    {
      ...route('GET', '/v1/runs/{name}', 'A run as it stands'),
      ...named,
      response: runViewSchema,
      responseExample: exampleRun,
    },
    ({ params }) => runs.get(params.name),
  ),
  jsonEndpoint(
    {
      ...route(
        'GET',
        '/v1/runs/{name}/inspect',
        'A run with what it was asked for and its history',
      ),
      ...named,
      response: runInspectSchema,
    },
    ({ params }) => runs.inspect(params.name),
  ),
  jsonEndpoint(
    {
      ...route('GET', '/v1/runs/{name}/wait', 'Answers when the run has ended'),
      ...named,
      response: runViewSchema,
      timeoutMs: 'none',
    },
    ({ params, signal }) => runs.wait(params.name, signal),
  ),
  emptyEndpoint(
    {
      ...route('POST', '/v1/runs/{name}/kill', 'Sends a signal to the main process'),
      ...named,
      body: killSchema,
      bodyExample: { signal: 'TERM' },
    },
    ({ params, body, signal }) => runs.kill(params.name, body.signal, signal),
  ),
  jsonEndpoint(
    {
      ...route(
        'POST',
        '/v1/runs/{name}/stop',
        'Asks to end, kills after the grace, answers when ended',
      ),
      ...named,
      body: stopSchema,
      bodyExample: { graceSeconds: 10 },
      response: runViewSchema,
      timeoutMs: 3_700_000,
    },
    ({ params, body, signal }) => runs.stop(params.name, body.graceSeconds, signal),
  ),
  emptyEndpoint(
    {
      ...route('POST', '/v1/runs/{name}/resize', 'Sets the size of the terminal'),
      ...named,
      body: resizeSchema,
      bodyExample: { columns: 120, rows: 40 },
    },
    ({ params, body }) => runs.resize(params.name, body.columns, body.rows),
  ),
  emptyEndpoint(
    {
      ...route(
        'DELETE',
        '/v1/runs/{name}',
        'Forgets an ended run; with force ends a running one first',
      ),
      ...named,
      query: forceQuery,
      timeoutMs: 120_000,
    },
    ({ params, query, signal }) => runs.remove(params.name, query.force ?? false, signal),
  ),
]
