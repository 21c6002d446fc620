import type { World } from './build-world.ts'
import type { Rest, Sample } from './checkers/checker.ts'
import type { FaultDriver } from './fault-driver.ts'
import { planFaults } from './faults.ts'
import type { Monitor } from './monitor.ts'
import type { WorldOptions } from './options.ts'
import { runPhase } from './phase.ts'
import { plantedFaults } from './plants/plants.ts'
import { planWorkload } from './workload.ts'

const minuteMs = 60_000
export const hourMs = 60 * minuteMs
export const sampleEveryMs = 10_000
/** The longest that a lease may stay unsettled after its end: W + answerIn of the hosts' terms, and some. */
const settleMs = 3.5 * hourMs
const jobsPerTenantHour = 12

/** A world and those who watch it and act in it. */
export type Scene = {
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

/** From the start of the first node to the stop of the last; ends early when something is violated. */
export const live = async (scene: Scene): Promise<void> => {
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
