import { buildWorld, createWorldClock, startMs, usualLatencyMs, type World } from './build-world.ts'
import { createAllCheckers } from './checkers/all-checkers.ts'
import type { Checker, Sample } from './checkers/checker.ts'
import { createFaultDriver, type FaultDriver } from './fault-driver.ts'
import { createMonitor } from './monitor.ts'
import type { WorldOptions } from './options.ts'
import { createPartitions } from './partitions.ts'
import type { WorldResult } from './result.ts'
import { type Memory, type Sampled, takeRest, takeSample } from './sampler.ts'
import { hourMs, live, type Scene, sampleEveryMs } from './scene.ts'
import { statsOf } from './stats.ts'
import { createTrace, type Trace } from './trace.ts'
import { keepSecondsMax } from './workload.ts'
import { createLogging, runStories } from './world-log.ts'
import { createTracer } from './world-trace.ts'

export type WorldHooks = {
  readonly onProgress: (share: number, what: string) => void
  readonly onLog?: (line: string) => void
  /** Calls back with every rejection that nobody handled, until the returned function is called. */
  readonly onUnhandled: (report: (reason: unknown) => void) => () => void
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
