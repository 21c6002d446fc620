import { type Endpoint, emptyEndpoint, jsonEndpoint, route, streamEndpoint } from '#api/endpoint'
import type { RunService } from '#api/services'
import { jsonLines } from '#api/stream-response'
import type { Clock } from '#ports/clock'
import type { ContainerStats } from '#ports/engine'
import {
  logsQueryText,
  outputPathSchema,
  pathQuery,
  runPathSchema,
  runStatsSchema,
} from '#protocol/api/requests'
import { encodeOutputFrame, type OutputFrame } from '#protocol/output'
import { exampleStats } from './examples.ts'

const named = { params: runPathSchema, timeoutMs: 'none' as const }
const statsEveryMs = 1000

/** What runs give and take as streams: logs, statistics, files. */
export const runStreamRoutes = (runs: RunService, clock: Clock): readonly Endpoint[] => [
  streamEndpoint(
    {
      ...route(
        'GET',
        '/v1/runs/{name}/logs',
        'Output so far, and with follow as it comes, in frames',
      ),
      ...named,
      query: logsQueryText,
      responseType: 'application/vnd.artel.output',
    },
    ({ params, query, signal }) =>
      frames(
        runs.logs(
          params.name,
          {
            follow: query.follow ?? false,
            ...(query.tail === undefined ? {} : { tailLines: query.tail }),
            ...(query.sinceMs === undefined ? {} : { sinceMs: query.sinceMs }),
          },
          signal,
        ),
      ),
  ),
  jsonEndpoint(
    {
      ...route('GET', '/v1/runs/{name}/stats', 'What the container uses now'),
      params: runPathSchema,
      response: runStatsSchema,
      responseExample: exampleStats,
    },
    ({ params, signal }) => runs.stats(params.name, signal),
  ),
  streamEndpoint(
    {
      ...route('GET', '/v1/runs/{name}/stats/stream', 'What the container uses, every second'),
      ...named,
      responseType: 'application/x-ndjson',
      response: runStatsSchema,
    },
    ({ params, signal }) => jsonLines(everySecond(runs, clock, params.name, signal)),
  ),
  ...fileRoutes(runs),
]

const fileRoutes = (runs: RunService): readonly Endpoint[] => [
  streamEndpoint(
    {
      ...route('GET', '/v1/runs/{name}/archive', 'A file or folder of the container as tar'),
      ...named,
      query: pathQuery,
      responseType: 'application/x-tar',
    },
    ({ params, query, signal }) => runs.getArchive(params.name, query.path, signal),
  ),
  emptyEndpoint(
    {
      ...route('PUT', '/v1/runs/{name}/archive', 'Unpacks a tar in a folder of the container'),
      ...named,
      query: pathQuery,
      bodyType: 'application/x-tar',
    },
    ({ params, query, bytes, signal }) => runs.putArchive(params.name, query.path, bytes, signal),
  ),
  streamEndpoint(
    {
      ...route('GET', '/v1/runs/{name}/outputs/{index}', 'An output path of an ended run as tar'),
      ...named,
      params: outputPathSchema,
      responseType: 'application/x-tar',
    },
    ({ params, signal }) => runs.output(params.name, params.index, signal),
  ),
]

async function* frames(output: AsyncIterable<OutputFrame>): AsyncGenerator<Uint8Array> {
  for await (const frame of output) yield encodeOutputFrame(frame)
}

/** Ends when the run does. */
async function* everySecond(
  runs: RunService,
  clock: Clock,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<ContainerStats> {
  while (!signal.aborted) {
    yield await runs.stats(name, signal)
    await clock.sleep(statsEveryMs, signal)
    if (runs.get(name).status === 'exited') return
  }
}
