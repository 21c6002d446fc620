import type { VirtualClock } from '#adapters/memory/clock'
import { type ErrorCode, toArtelError } from '#core/errors'
import type { MapView } from '#protocol/api/runs'
import type { Expectation } from './checkers/checker.ts'
import type { Site } from './site.ts'
import type { TenantBody } from './tenant-body.ts'
import type { Interference, Job, MapJob, RunJob } from './workload.ts'

/** A tenant's owner, who carries out a workload whatever happens to the node. */
export type TenantActor = {
  /** Resolves when every job was asked for and interfered with as planned. */
  readonly perform: (jobs: readonly Job[], signal: AbortSignal) => Promise<void>
  /** Whether it had runs removed. */
  readonly forgot: () => boolean
  readonly expectationOf: (runName: string) => Expectation | undefined
  /** How often the node refused, by code. */
  readonly refusals: () => Readonly<Record<string, number>>
}

type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'crashed' }

const retryMs = 3000
const triesMax = 400

/** Does `work` with the node that runs now; a crash meanwhile ends the wait for it. */
const attempt = async <Body, T>(
  site: Site<Body>,
  work: (body: Body) => Promise<T>,
): Promise<Outcome<T>> => {
  const body = site.body()
  const crash = site.crashed()
  if (body === undefined || crash === undefined) return { kind: 'crashed' }
  const crashed = new Promise<Outcome<T>>((resolve) => {
    crash.addEventListener('abort', () => resolve({ kind: 'crashed' }), { once: true })
  })
  const done = async (): Promise<Outcome<T>> => {
    try {
      return { kind: 'done', value: await work(body) }
    } catch (error) {
      const { code, message } = toArtelError(error)
      return { kind: 'refused', code, message }
    }
  }
  return Promise.race([done(), crashed])
}

export const createTenantActor = (
  components: { readonly clock: VirtualClock; readonly site: Site<TenantBody> },
  options: {
    /** A refusal that no node may give. */
    readonly onBadRefusal: (what: string) => void
  },
): TenantActor => {
  const { clock, site } = components
  const expectations = new Map<string, Expectation>()
  let forgot = false
  const refusals: Record<string, number> = {}

  /** Repeats what a crash or an outage cut off; what is refused otherwise stays refused. */
  const persist = async <T>(
    what: string,
    work: (body: TenantBody) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T | undefined> => {
    for (let tries = 0; tries < triesMax; tries += 1) {
      const outcome = await attempt(site, work)
      if (outcome.kind === 'done') return outcome.value
      if (outcome.kind === 'refused') {
        refusals[outcome.code] = (refusals[outcome.code] ?? 0) + 1
        if (outcome.code === 'internal') {
          options.onBadRefusal(`${site.name}: ${what}: ${outcome.message}`)
        }
        if (outcome.code !== 'unavailable' && outcome.code !== 'timeout') return undefined
      }
      await clock.sleep(retryMs, signal)
    }
    return undefined
  }

  const interfere = async (
    name: string,
    { kind, afterMs }: Interference,
    signal: AbortSignal,
  ): Promise<void> => {
    await clock.sleep(afterMs, signal)
    if (kind === 'remove') forgot = true
    await persist(
      `${kind} ${name}`,
      async ({ runs }) => {
        if (kind === 'stop') await runs.stop(name, undefined, signal)
        else if (kind === 'kill') await runs.kill(name, 'KILL', signal)
        else await runs.remove(name, true, signal)
      },
      signal,
    )
  }

  const performRun = async (job: RunJob, signal: AbortSignal): Promise<void> => {
    const { name = '' } = job.request
    expectations.set(name, job.expected)
    // A second try after a crash finds its own first one: 'conflict' is as good as done.
    await persist(`run ${name}`, ({ runs }) => runs.create(job.request, signal), signal)
    if (job.interference !== undefined) await interfere(name, job.interference, signal)
  }

  const performMap = async (job: MapJob, signal: AbortSignal): Promise<void> => {
    const made = await persist('map', (body) => createMap(body, job, signal), signal)
    if (made === undefined || job.cancelAfterMs === undefined) return
    await clock.sleep(job.cancelAfterMs, signal)
    await persist('cancel map', ({ maps }) => maps.cancel(made.id, signal), signal)
  }

  return {
    perform: async (jobs, signal) => {
      const beganMs = clock.monotonicMs()
      const performed = jobs.map(async (job) => {
        await clock.sleep(beganMs + job.atMs - clock.monotonicMs(), signal)
        await (job.kind === 'run' ? performRun(job, signal) : performMap(job, signal))
      })
      await Promise.all(performed)
    },
    forgot: () => forgot,
    expectationOf: (name) => expectations.get(name),
    refusals: () => refusals,
  }
}

/** Brings the tasks' inputs and asks for the map. */
const createMap = async (
  { maps, blobs }: TenantBody,
  { request: { taskCount, ...request }, inputs }: MapJob,
  signal: AbortSignal,
): Promise<MapView> => {
  const tasks: { name: string; blob?: string }[] = []
  for (let index = 0; index < taskCount; index += 1) {
    const input = inputs?.[index]
    const blob = input === undefined ? undefined : await putText(blobs, input, signal)
    tasks.push({ name: `task-${index}`, ...(blob === undefined ? {} : { blob }) })
  }
  return maps.create({ ...request, tasks }, signal)
}

const putText = async (
  blobs: TenantBody['blobs'],
  text: string,
  signal: AbortSignal,
): Promise<string> => {
  async function* source(): AsyncIterable<Uint8Array> {
    yield new TextEncoder().encode(text)
  }
  const { id } = await blobs.put(source(), 1024 * 1024, signal)
  return id
}
