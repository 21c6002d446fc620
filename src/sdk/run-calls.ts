import { createOutputDecoder, type OutputFrame } from '#protocol/output'
import { askBytes, askDone, askJson, askLines, type CallOptions, pathTo } from './ask.ts'
import { openSession } from './session.ts'
import type { Transport } from './transport.ts'
import type { ExecCreate, Plan, Run, RunCreate, RunInspect, RunStats } from './types.ts'

export type LogsQuery = {
  readonly follow?: boolean | undefined
  readonly tail?: number | undefined
  readonly sinceMs?: number | undefined
}

/** Calls about runs. A run is named by its name, its id or a unique beginning of it. */
export const runCalls = (transport: Transport) => ({
  create: (request: RunCreate, options?: CallOptions) =>
    askJson<Run>(transport, post(pathTo(['runs']), request), options),
  plan: (request: RunCreate, options?: CallOptions) =>
    askJson<Plan>(transport, post(pathTo(['runs', 'plan']), request), options),
  list: (options?: CallOptions) =>
    askJson<readonly Run[]>(transport, get(pathTo(['runs'])), options),
  get: (name: string, options?: CallOptions) =>
    askJson<Run>(transport, get(pathTo(['runs', name])), options),
  inspect: (name: string, options?: CallOptions) =>
    askJson<RunInspect>(transport, get(pathTo(['runs', name, 'inspect'])), options),
  wait: (name: string, options?: CallOptions) =>
    askJson<Run>(transport, get(pathTo(['runs', name, 'wait'])), options),
  kill: (name: string, signalName: string, options?: CallOptions) =>
    askDone(transport, post(pathTo(['runs', name, 'kill']), { signal: signalName }), options),
  stop: (name: string, graceSeconds?: number, options?: CallOptions) =>
    askJson<Run>(
      transport,
      post(pathTo(['runs', name, 'stop']), graceSeconds === undefined ? {} : { graceSeconds }),
      options,
    ),
  remove: (name: string, force: boolean, options?: CallOptions) =>
    askDone(transport, { method: 'DELETE', path: pathTo(['runs', name], { force }) }, options),
  attach: (name: string, options?: CallOptions) =>
    openSession(transport, pathTo(['runs', name, 'attach']), undefined, options?.signal),
  exec: (name: string, request: ExecCreate, options?: CallOptions) => {
    const first = { type: 'exec' as const, request }
    return openSession(transport, pathTo(['runs', name, 'exec']), first, options?.signal)
  },
  logs: async function* (
    name: string,
    query: LogsQuery,
    options?: CallOptions,
  ): AsyncGenerator<OutputFrame> {
    const decoder = createOutputDecoder()
    const path = pathTo(['runs', name, 'logs'], query)
    for await (const chunk of await askBytes(transport, get(path), options)) {
      yield* decoder.push(chunk)
    }
  },
  stats: (name: string, options?: CallOptions) =>
    askJson<RunStats>(transport, get(pathTo(['runs', name, 'stats'])), options),
  followStats: (name: string, options?: CallOptions) =>
    askLines<RunStats>(transport, get(pathTo(['runs', name, 'stats', 'stream'])), options),
  getArchive: (name: string, path: string, options?: CallOptions) =>
    askBytes(transport, get(pathTo(['runs', name, 'archive'], { path })), options),
  putArchive: (
    name: string,
    path: string,
    tar: AsyncIterable<Uint8Array>,
    options?: CallOptions,
  ) => {
    const ask = { method: 'PUT', path: pathTo(['runs', name, 'archive'], { path }) } as const
    return askDone(transport, { ...ask, body: tar }, options)
  },
  output: (name: string, index: number, options?: CallOptions) =>
    askBytes(transport, get(pathTo(['runs', name, 'outputs', index])), options),
})

const get = (path: string) => ({ method: 'GET' as const, path })
const post = (path: string, body: unknown) => ({
  method: 'POST' as const,
  path,
  body: JSON.stringify(body),
})
