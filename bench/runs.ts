import { spawnSync } from 'node:child_process'
import type { Cloud } from '../test/e2e/cloud.ts'
import { type Measure, median } from './measure.ts'

const image = 'debian:bookworm-slim'
const rounds = 7

const timed = async (work: () => Promise<void> | void): Promise<number> => {
  const started = performance.now()
  await work()
  return performance.now() - started
}

const bare = (): void => {
  const result = spawnSync('docker', ['run', '--rm', image, 'true'])
  if (result.status !== 0) throw new Error(`docker run: ${result.stderr.toString()}`)
}

/** `run` of `true` with a warm image, up to the exit code, in turn with a bare `docker run`. */
export const measureRuns = async (cloud: Cloud): Promise<readonly Measure[]> => {
  const run = async (...flags: readonly string[]): Promise<void> => {
    const outcome = await cloud.artel(['run', ...flags, image, 'true'])
    if (outcome.code !== 0) throw new Error(`artel run: ${outcome.stderr}`)
  }
  bare()
  await run()
  const times = { bare: [] as number[], fresh: [] as number[], open: [] as number[] }
  for (let round = 0; round < rounds; round += 1) {
    times.bare.push(await timed(bare))
    times.fresh.push(await timed(() => run()))
  }
  await run('--keep', '10m')
  for (let round = 0; round < rounds; round += 1) {
    times.bare.push(await timed(bare))
    times.open.push(await timed(() => run('--keep', '10m')))
  }
  const base = median(times.bare)
  const reference = { reference: base, referenceName: 'ms docker run' }
  return [
    {
      name: 'run true, lease already open',
      value: median(times.open) / base,
      unit: 'x docker run',
      target: { atMost: 1.5 },
      ...reference,
      note: `${median(times.open).toFixed(0)} ms`,
    },
    {
      name: 'run true, new lease',
      value: median(times.fresh) - base,
      unit: 'ms more',
      target: { atMost: 700 },
      ...reference,
      note: `${median(times.fresh).toFixed(0)} ms`,
    },
  ]
}
