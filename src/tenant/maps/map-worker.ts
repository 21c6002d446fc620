import type { LeaseDeal } from '#core/deployment'
import { ArtelError, toArtelError } from '#core/errors'
import type { RunId } from '#core/ids'
import type { RunSpec } from '#core/manifest'
import type { MapSchedule, MapWorker } from '#core/map-schedule'
import type { BodyPart } from '#protocol/peer/call'
import { taskRun, workerCreate } from '#protocol/peer/host-routes'
import type { ResultOf } from '#protocol/peer/route'
import { onceKnown } from '#tenant/acts/start'
import { bodyOf, bytesOf } from '#tenant/body'
import type { TenantLimits, TenantParts } from '#tenant/components'
import type { HostShare, MapProgress } from './map-progress.ts'

export type MapJob = {
  readonly parts: TenantParts
  readonly limits: TenantLimits
  readonly progress: MapProgress
  readonly schedule: MapSchedule
  readonly spec: RunSpec
  readonly command: readonly string[]
  readonly inputs: readonly { readonly name: string; readonly blob?: string }[]
  readonly taskTimeoutSeconds: number
  /** Ends the attempts that another worker made needless, by worker id. */
  readonly attempts: Map<string, AbortController>
  readonly onOver: () => void
}

/** Idle workers look so often for tasks that came back and for stragglers. */
const idleMs = 250
const busyRetryMs = 100
/** A worker that is still busy with a task that was abandoned so long ago is no good. */
const busyMsMax = 60_000
/** So many failures of the host in a row, and its lease is given up. */
const failuresMax = 5

/** The last part of a task's name, as a file name that any host accepts. */
const inputNameOf = (name: string): string => {
  const last = name.split('/').at(-1) ?? ''
  return last === '' || last === '.' || last === '..' || last.includes('\0') ? 'input' : last
}

/** `{}` in the command stands for the path of the input. */
export const commandFor = (command: readonly string[], path: string | undefined): string[] =>
  command.map((word) => (path === undefined ? word : word.replaceAll('{}', path)))

type TaskResult = ResultOf<typeof taskRun>
type Ended = { readonly result: TaskResult; readonly output?: string }

const runTask = async (
  { parts, limits, command, inputs, taskTimeoutSeconds }: MapJob,
  { id, host }: LeaseDeal,
  worker: RunId,
  index: number,
  signal: AbortSignal,
): Promise<Ended> => {
  const input = inputs[index]
  const inputName = input?.blob === undefined ? undefined : inputNameOf(input.name)
  const params = {
    lease: id,
    run: worker,
    task: String(index),
    command: commandFor(command, inputName === undefined ? undefined : `/in/${inputName}`),
    timeoutSeconds: taskTimeoutSeconds,
    ...(inputName === undefined ? {} : { inputName }),
  }
  const sent =
    input?.blob === undefined ? {} : { body: bodyOf(parts.blobs.get(input.blob, 0, signal)) }
  const { result, body } = await parts.caller.call(host.peer, taskRun, params, { signal, ...sent })
  if (result.hasOutput) {
    const put = await parts.blobs.put(bytesOf(body), limits.outputBytesMax, signal)
    return { result, output: put.id }
  }
  await drain(body)
  return { result }
}

const drain = async (body: AsyncIterable<BodyPart>): Promise<void> => {
  for await (const _ of body) {
    // Nothing is expected; reading to the end closes the stream in order.
  }
}

const messageOf = ({ reason, stderr }: TaskResult): string | undefined => {
  const said = stderr.trim().split('\n').at(-1) ?? ''
  const words = [reason, said].filter((text) => text !== undefined && text !== '').join(': ')
  return words === '' ? undefined : words.slice(-1000)
}

const note = (job: MapJob, worker: MapWorker, index: number, ended: Ended, share: HostShare) => {
  const { schedule, progress, attempts, parts } = job
  const { result, output } = ended
  const good = result.exitCode === 0
  const verdict = good
    ? schedule.done(index, worker, parts.clock.monotonicMs())
    : schedule.failed(index, worker)
  share.tasks += 1
  share.busyMs += result.durationMs
  for (const id of verdict.needless) {
    attempts.get(id)?.abort(new ArtelError('cancelled', 'another host was faster'))
  }
  if (!verdict.counted) return
  const message = good ? undefined : messageOf(result)
  progress.setTask(index, {
    status: verdict.status,
    tries: schedule.triesOf(index),
    host: share.host,
    exitCode: result.exitCode,
    durationMs: result.durationMs,
    ...(message === undefined ? {} : { message }),
    ...(output === undefined ? {} : { output }),
  })
  progress.setRetried(schedule.counts().retried)
  if (schedule.isOver()) job.onOver()
}

/** One task on one worker. Throws when the host failed, not the program. */
const attempt = async (
  job: MapJob,
  deal: LeaseDeal,
  worker: MapWorker & { readonly run: RunId },
  index: number,
  signal: AbortSignal,
): Promise<void> => {
  const { attempts, progress, schedule, parts } = job
  const share = progress.share(deal.id, deal.host, deal.terms.rate)
  const needless = new AbortController()
  attempts.set(worker.id, needless)
  progress.setTask(index, { status: 'running', host: deal.host })
  const limit = AbortSignal.any([signal, needless.signal])
  const busyUntilMs = parts.clock.monotonicMs() + busyMsMax
  try {
    for (;;) {
      try {
        note(job, worker, index, await runTask(job, deal, worker.run, index, limit), share)
        return
      } catch (caught) {
        // A worker ends an abandoned task before it takes the next one.
        const isBusy = toArtelError(caught).code === 'busy'
        if (limit.aborted || !isBusy || parts.clock.monotonicMs() > busyUntilMs) throw caught
        await parts.clock.sleep(busyRetryMs, limit)
      }
    }
  } catch (caught) {
    const { status } = schedule.returned(index, worker)
    if (status === 'waiting') progress.setTask(index, { status })
    if (!needless.signal.aborted) throw caught
  } finally {
    attempts.delete(worker.id)
  }
}

/** Keeps one warm container of a lease busy until the map is over or the lease is lost. */
export const serveMap = async (
  job: MapJob,
  deal: LeaseDeal,
  run: RunId,
  signal: AbortSignal,
): Promise<void> => {
  const { parts, schedule, progress } = job
  const worker = { id: run, host: deal.host.address, run }
  const params = { lease: deal.id, run, spec: job.spec }
  await onceKnown(job, signal, () =>
    parts.caller.call(deal.host.peer, workerCreate, params, { signal }),
  )
  progress.setStatus('running')
  let failures = 0
  while (!signal.aborted && !schedule.isOver()) {
    const index = schedule.next(worker, parts.clock.monotonicMs())
    if (index === undefined) {
      await parts.clock.sleep(idleMs, signal)
      continue
    }
    try {
      await attempt(job, deal, worker, index, signal)
      failures = 0
    } catch (caught) {
      signal.throwIfAborted()
      failures += 1
      parts.log.debug('a task came back', { task: index, reason: toArtelError(caught).message })
      if (failures >= failuresMax) throw caught
      await parts.clock.sleep(busyRetryMs * 2 ** failures, signal)
    }
  }
}
