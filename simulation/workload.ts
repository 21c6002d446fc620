import type { SeededRandom } from '#adapters/memory/random'
import {
  type MapCreate,
  mapCreateSchema,
  type RunCreate,
  runCreateSchema,
} from '#protocol/api/runs'
import type { Expectation } from './checkers/checker.ts'

/** What a tenant does to a run that it started, so long after it asked for it. */
export type Interference = {
  readonly kind: 'stop' | 'kill' | 'remove'
  readonly afterMs: number
}

export type RunJob = {
  readonly kind: 'run'
  readonly atMs: number
  readonly request: RunCreate
  readonly expected: Expectation
  readonly interference?: Interference
}

export type MapJob = {
  readonly kind: 'map'
  readonly atMs: number
  readonly request: MapRequest
  /** What each task gets as its input file; absent for tasks that need none. */
  readonly inputs?: readonly string[]
  readonly cancelAfterMs?: number
}

/** All of a map but its tasks. */
export type MapRequest = Omit<MapCreate, 'tasks'> & { readonly taskCount: number }

export type Job = RunJob | MapJob

export type WorkloadScale = {
  /** Jobs begin within this time. */
  readonly lastsMs: number
  readonly jobsPerHour: number
}

/** The one everybody can pull, more often, and the one that only tenants have. */
const images = ['busybox', 'busybox', 'workshop/tool:1'] as const
const mebibyte = 1024 * 1024
const second = 1000
/** Every run that does not end by itself is stopped this long after it began, at the latest. */
const endlessMs = 40 * 60 * second

const pick = <const T>(random: SeededRandom, choices: readonly [T, ...T[]]): T =>
  choices[random.integer(choices.length)] ?? choices[0]

const chance = (random: SeededRandom, share: number): boolean => random.fraction() < share

/** A program of known length and end, as the shell of the image understands it. */
const drawProgram = (
  random: SeededRandom,
): {
  readonly command: readonly string[]
  readonly exitCode: number
  readonly ends: boolean
  readonly output: string
} => {
  const seconds = pick(random, [0, 1, 5, 20, 60, 300, 900])
  const length = seconds === 0 ? 0 : 1 + random.integer(seconds)
  if (chance(random, 0.1))
    return { command: ['sleep', '1000000'], exitCode: 0, ends: false, output: '' }
  if (chance(random, 0.25)) {
    const exitCode = 1 + random.integer(100)
    const command = ['sh', '-c', `sleep ${length}; exit ${exitCode}`]
    return { command, exitCode, ends: true, output: '' }
  }
  if (chance(random, 0.4)) {
    const command = ['sh', '-c', `echo begun; sleep ${length}; echo done`]
    return { command, exitCode: 0, ends: true, output: 'begun\ndone\n' }
  }
  return { command: ['sleep', String(length)], exitCode: 0, ends: true, output: '' }
}

const drawInterference = (random: SeededRandom, ends: boolean): Interference | undefined => {
  const kind = pick(random, ['stop', 'kill', 'remove'])
  if (!ends) return { kind, afterMs: 60 * second + random.integer(endlessMs) }
  return chance(random, 0.15) ? { kind, afterMs: random.integer(600 * second) } : undefined
}

const drawRun = (random: SeededRandom, name: string, atMs: number): RunJob => {
  const program = drawProgram(random)
  const interference = drawInterference(random, program.ends)
  const request = runCreateSchema.parse({
    name,
    image: pick(random, images),
    command: program.command,
    resources: {
      cpuMilli: pick(random, [100, 250, 500, 1000, 2000]),
      memoryBytes: pick(random, [32, 64, 256, 1024]) * mebibyte,
      diskBytes: pick(random, [64, 256, 1024]) * mebibyte,
    },
    restart: pick(random, ['on-failure-of-host', 'on-failure-of-host', 'no']),
    keepSeconds: chance(random, 0.2) ? 60 + random.integer(keepSecondsMax - 60) : 0,
    stopGraceSeconds: random.integer(15),
  })
  const expected = {
    exitCode: program.exitCode,
    ends: program.ends,
    interfered: interference !== undefined,
    restarts: request.restart === 'on-failure-of-host',
    output: program.output,
  }
  return {
    kind: 'run',
    atMs,
    request,
    expected,
    ...(interference === undefined ? {} : { interference }),
  }
}

const drawMap = (random: SeededRandom, atMs: number): MapJob => {
  const taskCount = 1 + random.integer(12)
  const reads = chance(random, 0.5)
  const names = Array.from({ length: taskCount }, (_, index) => ({ name: `task-${index}` }))
  const { tasks: _, ...rest } = mapCreateSchema.parse({
    image: pick(random, images),
    command: reads ? ['cat', '{}'] : ['sleep', String(random.integer(90))],
    hosts: 1 + random.integer(3),
    workersPerHost: 1 + random.integer(3),
    resources: { cpuMilli: 250, memoryBytes: 64 * mebibyte, diskBytes: 64 * mebibyte },
    tasks: names,
  })
  const cancelled = chance(random, 0.1)
  return {
    kind: 'map',
    atMs,
    request: { ...rest, taskCount },
    ...(reads ? { inputs: names.map(({ name }) => `input of ${name} at ${atMs}`) } : {}),
    ...(cancelled ? { cancelAfterMs: random.integer(300 * second) } : {}),
  }
}

/** The longest that a lease of the workload is kept after its run. */
export const keepSecondsMax = 300

const mapShare = 0.15

/** What one tenant does, drawn from its seed, in order of time. */
export const planWorkload = (random: SeededRandom, scale: WorkloadScale): readonly Job[] => {
  const count = Math.max(1, Math.round((scale.jobsPerHour * scale.lastsMs) / 3_600_000))
  const times = Array.from({ length: count }, () => random.integer(scale.lastsMs))
  return times
    .toSorted((a, b) => a - b)
    .map((atMs, index) => {
      const draws = random.fork(`job-${index}`)
      return chance(draws, mapShare) ? drawMap(draws, atMs) : drawRun(draws, `job-${index}`, atMs)
    })
}
