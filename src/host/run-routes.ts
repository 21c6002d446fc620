import { ArtelError, toArtelError } from '#core/errors'
import type { RunId } from '#core/ids'
import type { Request } from '#peers/served'
import type { Server } from '#peers/server'
import { type Clock, nowSeconds } from '#ports/clock'
import type { Engine } from '#ports/engine'
import type { HostLease, HostRun } from '#protocol/host-records'
import type { BodyPart } from '#protocol/peer/call'
import {
  runCreate,
  runExec,
  runGetArchive,
  runInput,
  runKill,
  runOutput,
  runOutputMessage,
  runPutArchive,
  runRemove,
  runResize,
  runStart,
  runStats,
  runStdin,
  runStdinOffset,
  runStop,
  taskRun,
  workerCreate,
} from '#protocol/peer/host-routes'
import { bytesOf, dataParts } from './body-bytes.ts'
import { execInContainer } from './exec.ts'
import type { LeaseAccess } from './lease-access.ts'
import type { OutputLog, OutputPart } from './output-log.ts'
import type { RunProcess } from './run-process.ts'
import type { RunStore } from './run-store.ts'
import type { Runs } from './runs.ts'
import type { Workers } from './workers.ts'

export type RunRoutesComponents = {
  readonly access: LeaseAccess
  readonly clock: Clock
  readonly engine: Engine
  readonly runStore: RunStore
  readonly runs: Runs
  readonly workers: Workers
}

type Unhandle = () => void
type Handle = Pick<Server, 'handle'>
type OfRun = { readonly lease: HostLease['id']; readonly run: RunId }

const refuseTaken = (run: HostRun | undefined): void => {
  if (run?.kind === 'worker') throw new ArtelError('conflict', `run ${run.run} is a worker`)
}

/** Serves what tenants do with runs; returns what ends it. */
export const serveRuns = (server: Handle, components: RunRoutesComponents): readonly Unhandle[] => [
  ...serveLifecycle(server, components),
  ...serveStreams(server, components),
  ...serveInside(server, components),
  ...serveTasks(server, components),
]

const processOf = async (
  { access, runs }: RunRoutesComponents,
  { params, peer, signal }: Request<OfRun>,
): Promise<RunProcess> => runs.process(await access.running(params.lease, peer, signal), params.run)

/** What is kept of a run, also after its lease has ended. */
const keptProcessOf = (
  { access, runs }: RunRoutesComponents,
  { params, peer }: Request<OfRun>,
): RunProcess => runs.process(access.any(params.lease, peer), params.run)

const serveLifecycle = (server: Handle, components: RunRoutesComponents): readonly Unhandle[] => {
  const { access, runStore, runs, workers } = components
  return [
    server.handle(runCreate, async ({ params, peer, signal }) => {
      const { run, spec, holdOutput } = params
      const lease = await access.running(params.lease, peer, signal)
      refuseTaken(runStore.get(lease.id, run))
      const process = await runs.create(lease, { run, kind: 'run', spec, holdOutput }, signal)
      const { state } = params.start ? await runs.start(lease, run, signal) : process.record()
      return { result: { state } }
    }),
    server.handle(runStart, async ({ params, peer, signal }) => {
      const lease = await access.running(params.lease, peer, signal)
      const { state } = await runs.start(lease, params.run, signal)
      return { result: { state } }
    }),
    server.handle(runStop, async (request) => {
      const process = await processOf(components, request)
      const { state } = await process.stop(request.params.graceSeconds, request.signal)
      return { result: { state } }
    }),
    server.handle(runKill, async (request) => {
      const process = await processOf(components, request)
      await process.kill(request.params.signal, request.signal)
      return { result: {} }
    }),
    server.handle(runRemove, async ({ params, peer, signal }) => {
      const lease = access.any(params.lease, peer)
      workers.forget(lease.id, params.run)
      await runs.remove(lease.id, params.run, signal)
      return { result: {} }
    }),
  ]
}

const outputBody = async function* (parts: AsyncIterable<OutputPart>): AsyncGenerator<BodyPart> {
  for await (const part of parts) {
    if ('bytes' in part) yield { kind: 'data', bytes: part.bytes }
    else yield { kind: 'control', value: { offset: part.offset } }
  }
}

/** Passes on what the reader confirms until the call is over; a message that is none ends the reading. */
const takeConfirmations = async (
  body: AsyncIterable<BodyPart>,
  log: OutputLog,
  reading: AbortController,
): Promise<void> => {
  try {
    for await (const part of body) {
      const message = part.kind === 'control' ? runOutputMessage.safeParse(part.value) : undefined
      if (message?.success !== true)
        throw new ArtelError('bad-request', 'no confirmation of output')
      log.confirm(message.data.confirmed)
    }
  } catch (error) {
    reading.abort(toArtelError(error))
  }
}

const serveStreams = (server: Handle, components: RunRoutesComponents): readonly Unhandle[] => [
  server.handle(runOutput, async (request) => {
    const { params, body, signal } = request
    const log = await keptProcessOf(components, request).output()
    const reading = new AbortController()
    const limit = AbortSignal.any([signal, reading.signal])
    const { parts, ...result } = await log.read(params, limit)
    void takeConfirmations(body, log, reading)
    return { result, body: outputBody(parts) }
  }),
  server.handle(runStdin, async (request) => {
    const process = await processOf(components, request)
    const { params, body, signal } = request
    if (!process.record().spec.openStdin) {
      throw new ArtelError('conflict', 'the run was created without standard input')
    }
    const { bytes } = await process.input.take(params.offset, bytesOf(body), signal)
    return { result: { acceptedBytes: bytes } }
  }),
  server.handle(runStdinOffset, async (request) => {
    const { bytes, closed } = keptProcessOf(components, request).input.progress()
    return { result: { acceptedBytes: bytes, closed } }
  }),
  server.handle(runResize, async (request) => {
    const process = await processOf(components, request)
    const { columns, rows } = request.params
    process.expectRunning()
    await components.engine.resize(process.container(), columns, rows, request.signal)
    return { result: {} }
  }),
  server.handle(runExec, async (request) => {
    const process = await processOf(components, request)
    process.expectRunning()
    const { command, env, workdir, user, tty, openStdin } = request.params
    const spec = {
      command,
      env,
      tty,
      openStdin,
      ...(workdir === undefined ? {} : { workdir }),
      ...(user === undefined ? {} : { user }),
    }
    const { body, signal } = request
    return {
      result: {},
      body: await execInContainer(components, process.container(), spec, body, signal),
    }
  }),
]

const serveInside = (server: Handle, components: RunRoutesComponents): readonly Unhandle[] => {
  const { access, engine, runs } = components
  return [
    server.handle(runStats, async (request) => {
      const process = await processOf(components, request)
      process.expectRunning()
      return { result: { ...(await engine.stats(process.container(), request.signal)) } }
    }),
    server.handle(runInput, async ({ params, peer, body, signal }) => {
      const lease = await access.running(params.lease, peer, signal)
      await runs.putInput(lease, params, bytesOf(body), signal)
      return { result: {} }
    }),
    server.handle(runGetArchive, async (request) => {
      const process = await processOf(components, request)
      const { params, signal } = request
      const tar = engine.getArchive(process.container(), params.path, signal)
      return { result: {}, body: dataParts(await begun(tar)) }
    }),
    server.handle(runPutArchive, async (request) => {
      const process = await processOf(components, request)
      const { params, body, signal } = request
      await process.putArchive(params.path, bytesOf(body), signal)
      return { result: {} }
    }),
  ]
}

/** A stream whose first chunk is here: an error at its beginning is the call's own. */
const begun = async (source: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> => {
  const chunks = source[Symbol.asyncIterator]()
  const first = await chunks.next()
  return (async function* () {
    try {
      for (let step = first; step.done !== true; step = await chunks.next()) yield step.value
    } finally {
      await chunks.return?.()
    }
  })()
}

const serveTasks = (server: Handle, components: RunRoutesComponents): readonly Unhandle[] => {
  const { access, clock, runStore, workers } = components
  return [
    server.handle(workerCreate, async ({ params, peer, signal }) => {
      const lease = await access.running(params.lease, peer, signal)
      const present = runStore.get(lease.id, params.run)
      if (present?.kind === 'run') throw new ArtelError('conflict', `${params.run} is no worker`)
      const shell = await workers.create(lease, params.run, params.spec, signal)
      return { result: { shell } }
    }),
    server.handle(taskRun, async ({ params, peer, body, signal }) => {
      const lease = await access.running(params.lease, peer, signal)
      const { command, inputName, inputBytes, timeoutSeconds } = params
      const input =
        inputName === undefined
          ? undefined
          : {
              name: inputName,
              sizeBytes: inputBytes,
              mtime: nowSeconds(clock),
              data: bytesOf(body),
            }
      return workers.runTask(lease, params.run, { command, input, timeoutSeconds }, signal)
    }),
  ]
}
