import { isOver } from '#core/deployment'
import { ArtelError, toArtelError } from '#core/errors'
import type { RunId } from '#core/ids'
import type {
  ExecCreate,
  LogsQuery,
  Plan,
  RunCreate,
  RunInspect,
  RunView,
} from '#protocol/api/runs'
import type { OutputFrame } from '#protocol/output'
import type { RunEntry } from '#protocol/tenant-records'
import { attachTo } from './attach.ts'
import type { BlobUse } from './blob-use.ts'
import { execIn } from './exec.ts'
import { untilChanged } from './hub.ts'
import { openInstance } from './instance.ts'
import { readLogs } from './logs.ts'
import type { Run } from './run-book.ts'
import { type CreateContext, createRun, planRun } from './run-create.ts'
import { archiveFrom, archiveInto, killRun, statsOf } from './run-proxy.ts'
import { blobsOf, forgetRun, hideRun, removeRun } from './run-remove.ts'
import type { RunSession } from './run-session.ts'
import { runStore } from './run-store.ts'
import { applyTerminalSize, setTerminalSize } from './run-terminal.ts'
import { eventsOfRun, viewOfRun } from './run-view.ts'
import { snapshotFor } from './search.ts'
import type { Supervision } from './supervision.ts'

export type RunsComponents = CreateContext & {
  readonly supervision: Supervision
  readonly blobUse: BlobUse
}

/** A run that removes itself waits so long for somebody to fetch its outputs. */
const outputsWaitMs = 60_000

/** When a run has had its final word: its output is complete, and with `--rm` it leaves the list. */
const onFinished = (components: RunsComponents, run: Run): void => {
  const { parts, supervision } = components
  const { instance } = run
  supervision.tasks.spawn(async () => {
    const output = await run.context.output()
    await output.close()
    instance.hub.changed()
  })
  if (!run.entry.autoRemove || run.entry.removed) return
  const wanted = instance.state().outputs?.some(({ blob }) => blob !== undefined) ?? false
  if (!wanted) hideRun(parts, run)
  else {
    supervision.tasks.spawn(async (signal) => {
      await parts.clock.sleep(outputsWaitMs, signal)
      if (!run.entry.removed) await removeRun(components, run, false)
    })
  }
}

/** Puts a run that is written down under supervision. */
const adopt = (components: RunsComponents, id: RunId, entry: RunEntry): Run => {
  const { parts, book, supervision } = components
  const instance = openInstance(parts, id)
  const context = supervision.contextOf(instance, { attached: entry.attached })
  const run: Run = { instance, context, entry, terminal: undefined }
  book.add(run)
  let finished = false
  const look = (): void => {
    if (finished || instance.state().exit === undefined) return
    finished = true
    onFinished(components, run)
  }
  instance.hub.onChange(look)
  instance.hub.onControl((control) => {
    if (control.type !== 'started') return
    supervision.tasks.spawn(() => applyTerminalSize(run))
  })
  look()
  const forget = async (): Promise<void> => {
    if (run.entry.removed) await forgetRun(components, run)
  }
  const market = snapshotFor(parts, instance.state().desired, 0)
  if (!isOver(instance.state())) supervision.begin(context, market, forget)
  else if (entry.removed) supervision.tasks.spawn(forget)
  return run
}

const stopRun = async (
  run: Run,
  graceSeconds: number | undefined,
  signal: AbortSignal,
): Promise<RunView> => {
  const { instance } = run
  const { exit, stop, desired } = instance.state()
  if (exit === undefined && stop === undefined) {
    const grace = graceSeconds ?? desired.service.run?.stopGraceSeconds ?? 10
    instance.record({ kind: 'stop-requested', graceSeconds: grace, reason: 'user' })
  }
  await untilChanged(instance.hub, () => instance.state().exit !== undefined, signal)
  return viewOfRun(run)
}

/** A run that has not started is ended by any signal; a running one decides itself what the signal does. */
const killOrCancel = async (run: Run, name: string, signal: AbortSignal): Promise<void> => {
  const { instance } = run
  const state = instance.state()
  if (state.exit === undefined && state.run.status !== 'running') {
    instance.record({ kind: 'stop-requested', graceSeconds: 0, reason: 'user' })
    return
  }
  await killRun(run, name, signal)
}

async function* logsOf(
  run: Run,
  query: LogsQuery,
  signal: AbortSignal,
): AsyncGenerator<OutputFrame> {
  yield* readLogs(await run.context.output(), query, signal)
}

async function* outputOf(run: Run, index: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const output = run.instance.state().outputs?.[index]
  if (output?.blob === undefined) {
    const why = output?.problem ?? 'it has not been brought home'
    throw new ArtelError('not-found', `run ${run.entry.name} has no output ${index}: ${why}`)
  }
  yield* run.context.parts.blobs.get(output.blob, 0, signal)
}

/** Runs of this node: what the API and the doors ask of them. */
export const createRuns = (components: RunsComponents) => {
  const { book, blobUse } = components
  blobUse.add(() => book.everything().flatMap(blobsOf))
  return {
    create: async (request: RunCreate, signal: AbortSignal): Promise<RunView> => {
      const { id, entry } = await createRun(components, request, signal)
      return viewOfRun(adopt(components, id, entry))
    },
    plan: (request: RunCreate, signal: AbortSignal): Promise<Plan> =>
      planRun(components, request, signal),
    list: (): readonly RunView[] => book.all().toReversed().map(viewOfRun),
    get: (name: string): RunView => viewOfRun(book.find(name)),
    inspect: (name: string): RunInspect => {
      const run = book.find(name)
      const { service } = run.instance.state().desired
      return { run: viewOfRun(run), spec: service.run, events: eventsOfRun(run) }
    },
    attach: (name: string, signal: AbortSignal): Promise<RunSession> =>
      attachTo(book.find(name), signal),
    exec: (name: string, request: ExecCreate, signal: AbortSignal): Promise<RunSession> =>
      execIn(book.find(name), request, signal),
    logs: (name: string, query: LogsQuery, signal: AbortSignal): AsyncIterable<OutputFrame> =>
      logsOf(book.find(name), query, signal),
    wait: async (name: string, signal: AbortSignal): Promise<RunView> => {
      const run = book.find(name)
      const { instance } = run
      await untilChanged(instance.hub, () => instance.state().exit !== undefined, signal)
      return viewOfRun(run)
    },
    kill: (name: string, signalName: string, signal: AbortSignal): Promise<void> =>
      killOrCancel(book.find(name), signalName, signal),
    stop: (name: string, graceSeconds: number | undefined, signal: AbortSignal): Promise<RunView> =>
      stopRun(book.find(name), graceSeconds, signal),
    remove: (name: string, force: boolean, _signal: AbortSignal): Promise<void> =>
      removeRun(components, book.find(name), force),
    resize: (name: string, columns: number, rows: number): Promise<void> =>
      setTerminalSize(book.find(name), columns, rows),
    stats: (name: string, signal: AbortSignal) => statsOf(book.find(name), signal),
    getArchive: (name: string, path: string, signal: AbortSignal): AsyncIterable<Uint8Array> =>
      archiveFrom(book.find(name), path, signal),
    putArchive: (
      name: string,
      path: string,
      tar: AsyncIterable<Uint8Array>,
      signal: AbortSignal,
    ): Promise<void> => archiveInto(book.find(name), path, tar, signal),
    output: (name: string, index: number, signal: AbortSignal): AsyncIterable<Uint8Array> =>
      outputOf(book.find(name), index, signal),
  }
}

/** Takes up every run that an earlier life of this node wrote down. */
export const resumeRuns = (components: RunsComponents): void => {
  for (const { id, entry } of runStore(components.parts.records).all()) {
    try {
      adopt(components, id, entry)
    } catch (caught) {
      const { message } = toArtelError(caught)
      components.parts.log.error('a run cannot be resumed', { run: id, reason: message })
    }
  }
}
