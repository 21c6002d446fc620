import { createMemoryLog, type LogLine } from '#adapters/memory/log'
import { buildWorld, createWorldClock, startMs, usualLatencyMs, type World } from './build-world.ts'
import { createAllCheckers } from './checkers/all-checkers.ts'
import type { Checker, Rest, Sample } from './checkers/checker.ts'
import { createFaultDriver, type FaultDriver } from './fault-driver.ts'
import { planFaults } from './faults.ts'
import { createMonitor, type Monitor } from './monitor.ts'
import type { WorldOptions } from './options.ts'
import { createPartitions } from './partitions.ts'
import { runPhase } from './phase.ts'
import { plantedFaults } from './plants/plants.ts'
import type { WorldResult } from './result.ts'
import { type Memory, type Sampled, takeRest, takeSample } from './sampler.ts'
import { statsOf } from './stats.ts'
import { createTrace, type Trace } from './trace.ts'
import { keepSecondsMax, planWorkload } from './workload.ts'
import { createTracer } from './world-trace.ts'

export type WorldHooks = {
  readonly onProgress: (share: number, what: string) => void
  readonly onLog?: (line: string) => void
  /** Calls back with every rejection that nobody handled, until the returned function is called. */
  readonly onUnhandled: (report: (reason: unknown) => void) => () => void
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const sampleEveryMs = 10_000
const logLinesKept = 12
/** The longest that a lease may stay unsettled after its end: W + answerIn of the hosts' terms, and some. */
const settleMs = 3.5 * hourMs
const jobsPerTenantHour = 12

type Scene = {
  readonly options: WorldOptions
  readonly world: World
  readonly monitor: Monitor
  readonly sample: () => Promise<Sample>
  readonly rest: () => Promise<Rest>
  readonly driver: FaultDriver
  readonly signal: AbortSignal
}

const setUp = async ({ world }: Scene): Promise<void> => {
  const { markets, hosts, tenants } = world
  await Promise.all([...markets, ...hosts, ...tenants].map(({ site }) => site.start()))
  await Promise.all([...hosts, ...tenants].map((place) => place.settleIn()))
}

/** Tenants work while things go wrong. */
const work = async ({ options, world, driver, signal }: Scene): Promise<void> => {
  const lastsMs = options.hours * hourMs
  const faults = planFaults(world.random.fork('faults'), {
    level: options.faults,
    hosts: options.hosts,
    tenants: options.tenants,
    lastsMs,
  })
  const performed = world.tenants.map(({ site, actor }) => {
    const jobs = planWorkload(world.random.fork(`${site.name}/jobs`), {
      lastsMs,
      jobsPerHour: jobsPerTenantHour,
    })
    return actor.perform(jobs, signal)
  })
  const planted = plantedFaults(options.plant, lastsMs, options.hosts)
  await Promise.all([driver.inflict([...faults, ...planted], signal), ...performed])
}

const isOver = ({ tenants }: Sample): boolean =>
  tenants.every(
    ({ runs, maps }) =>
      runs.every(({ view }) => view.status === 'exited') &&
      maps.every(({ status }) => status !== 'placing' && status !== 'running'),
  )

const allSettled = ({ leases }: Sample): boolean =>
  leases.leases.entries().every(([, { status }]) => status === 'settled')

/** Waits for a quiet world, at most so long: what is left then is for the checkers. */
const until = async (
  { world, sample, signal }: Scene,
  isQuiet: (sample: Sample) => boolean,
  atMostMs: number,
): Promise<void> => {
  const endsAtMs = world.clock.monotonicMs() + atMostMs
  while (world.clock.monotonicMs() < endsAtMs && !isQuiet(await sample())) {
    await world.clock.sleep(sampleEveryMs, signal)
  }
}

const wrapUp = async (scene: Scene): Promise<void> => {
  await until(scene, isOver, hourMs)
  await until(scene, allSettled, settleMs)
  scene.monitor.rest(await scene.rest())
}

const takeDown = async ({ world }: Scene): Promise<void> => {
  const { hosts, tenants, markets } = world
  await Promise.all(hosts.map((host) => host.leave(0)))
  for (const { site } of [...tenants, ...hosts, ...markets]) await site.stop()
}

const lineOf = ({ level, message, fields }: LogLine, elapsedMs: number): string => {
  const { node = '', ...rest } = fields
  const details = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`)
  const seconds = (elapsedMs / 1000).toFixed(3).padStart(11)
  return [seconds, level.padEnd(5), String(node).padEnd(9), message, ...details].join(' ')
}

/** Keeps the newest lines of all nodes' logs. */
const createLogging = (elapsedMs: () => number, onLine: ((line: string) => void) | undefined) => {
  let lines: string[] = []
  const log = createMemoryLog(1, (line) => {
    const text = lineOf(line, elapsedMs())
    onLine?.(text)
    if (line.level === 'debug') return
    lines.push(text)
    if (lines.length > 2 * logLinesKept) lines = lines.slice(-logLinesKept)
  })
  return { log, lines: () => lines.slice(-logLinesKept) }
}

const createSampler = (world: World, faulty: boolean): Pick<Scene, 'sample' | 'rest'> => {
  const memory: Memory = new Map()
  const places = (): Sampled => {
    const { clock, ledger, hosts, tenants } = world
    const nowSeconds = ledger.head().timestampSeconds
    const { leases } = ledger.state()
    return { atMs: clock.nowMs(), nowSeconds, leases, hosts, tenants, faulty }
  }
  return {
    sample: () => takeSample(places(), memory),
    rest: () => takeRest(places(), memory),
  }
}

const createDriver = (world: World, onFault: (fault: object) => void): FaultDriver => {
  const { clock, hosts, tenants, internet, ledger } = world
  const links = new Map(
    [...hosts, ...tenants].map((place) => [place.site.address, place.chainLink]),
  )
  return createFaultDriver(
    {
      clock,
      hosts,
      tenants,
      internet,
      partitions: createPartitions(internet),
      chain: {
        reorg: (depth, drop) => ledger.reorganise(depth, { drop }),
        setOutage: (account, out) => links.get(account)?.setOutage(out),
      },
      usualLatencyMs,
    },
    onFault,
  )
}

/** Looks at the world every few seconds until it ends. */
const watch = async (
  { world, monitor, sample, signal, options }: Scene,
  onSample: (sample: Sample) => void,
  onProgress: WorldHooks['onProgress'],
): Promise<void> => {
  while (!signal.aborted) {
    await world.clock.sleep(sampleEveryMs, signal)
    const seen = await sample()
    onSample(seen)
    monitor.sample(seen)
    const hours = (seen.atMs - startMs) / hourMs
    const runs = seen.tenants.reduce((sum, tenant) => sum + tenant.runs.length, 0)
    onProgress(Math.min(1, hours / (options.hours + 1)), `${hours.toFixed(2)} h, ${runs} runs`)
  }
}

const live = async (scene: Scene): Promise<void> => {
  const { world, monitor, options } = scene
  const phase = { clock: world.clock, monitor }
  const workMs = options.hours * hourMs + 2 * hourMs
  const phases = [
    { name: 'starting', limitMs: 10 * minuteMs, run: setUp },
    { name: 'working', limitMs: workMs, run: work },
    { name: 'settling', limitMs: settleMs + 2 * hourMs, run: wrapUp },
    { name: 'stopping', limitMs: 30 * minuteMs, run: takeDown },
  ]
  for (const { name, limitMs, run } of phases) {
    if (!(await runPhase(phase, { name, limitMs }, () => run(scene)))) return
  }
}

/** What is left once all is over. */
const inspect = async (scene: Scene): Promise<void> => {
  const { world, monitor, sample } = scene
  if (monitor.violation() !== undefined) return
  const last = await sample()
  world.internet.close()
  await world.clock.idle()
  const waits = [...world.hosts, ...world.tenants, ...world.markets].reduce(
    (sum, { site }) => sum + site.waits(),
    0,
  )
  monitor.end({ ...last, waits })
}

const storiesMax = 4

/** What befell the runs that are in question: those that go on or were moved, newest first. */
const runStories = ({ tenants }: World): readonly string[] =>
  tenants.flatMap(({ site }) => {
    const runs = site.body()?.runs
    const open = (runs?.list() ?? []).filter(
      ({ status, epoch }) => status !== 'exited' || epoch > 1,
    )
    return open
      .slice(-storiesMax)
      .flatMap(({ id, name }) => [
        `${site.name} ${name}:`,
        ...(runs?.inspect(id).events ?? []).map(
          ({ atMs, kind, message }) =>
            `  ${((atMs - startMs) / 1000).toFixed(3)} ${kind}: ${message}`,
        ),
      ])
  })

const resultOf = (
  scene: Scene,
  trace: Trace,
  last: Sample,
  log: readonly string[],
): WorldResult => {
  const { world, options, monitor, driver } = scene
  const violation = monitor.violation()
  return {
    options,
    ...(violation === undefined ? {} : { violation }),
    trace,
    stats: statsOf({
      virtualMs: world.clock.monotonicMs(),
      blocks: world.ledger.head().number,
      wakeUps: world.clock.wakeUps(),
      leases: world.ledger.state().leases,
      sample: last,
      faults: driver.inflicted(),
    }),
    log: violation === undefined ? [] : [...log, ...runStories(world)],
  }
}

/** With a planted bug, only the checker that must find it watches: what else breaks is not the question. */
const checkersOf = ({ plant }: WorldOptions): readonly Checker[] =>
  createAllCheckers({ keepSecondsMax }).filter(({ name }) => plant === undefined || plant === name)

/** Runs one world from its start until everything in it is settled and stopped, or a checker objects. */
export const runWorld = async (options: WorldOptions, hooks: WorldHooks): Promise<WorldResult> => {
  const clock = createWorldClock()
  const elapsedMs = (): number => clock.monotonicMs()
  const trace = createTrace()
  const tracer = createTracer(trace, elapsedMs)
  const monitor = createMonitor(checkersOf(options), elapsedMs)
  const logging = createLogging(elapsedMs, hooks.onLog)
  const world = buildWorld({ clock, log: logging.log }, options, {
    onApplied: (applied) => {
      tracer.call(applied)
      monitor.call(applied)
    },
    onBadRefusal: (what) => monitor.report('refusals', what),
  })
  const ending = new AbortController()
  const scene: Scene = {
    options,
    world,
    monitor,
    ...createSampler(world, options.faults !== 'none'),
    driver: createDriver(world, tracer.fault),
    signal: ending.signal,
  }
  const stopListening = hooks.onUnhandled((reason) => {
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)
    monitor.report('unhandled-rejection', text)
  })
  const watching = watch(scene, tracer.sample, hooks.onProgress).catch((error: unknown) => {
    if (!ending.signal.aborted) monitor.report('watching', String(error))
  })
  try {
    await live(scene)
  } finally {
    ending.abort()
    await watching
  }
  await inspect(scene)
  stopListening()
  return resultOf(scene, trace, await scene.sample(), logging.lines())
}
