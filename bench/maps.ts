import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cloud } from '../test/e2e/cloud.ts'
import type { Measure } from './measure.ts'
import { cpuSeconds } from './process-usage.ts'

const tasks = 500

/** `map` of trivial tasks over three hosts, and what it costs the tenant's node. */
export const measureMap = async (cloud: Cloud): Promise<readonly Measure[]> => {
  const inputs = join(cloud.home, 'bench-inputs')
  mkdirSync(inputs)
  for (let task = 0; task < tasks; task += 1) writeFileSync(join(inputs, `t${task}`), `${task}`)
  const pid = Number(readFileSync(join(cloud.home, 'node.pid'), 'utf8'))
  const cpuBefore = cpuSeconds(pid)
  const started = performance.now()
  const flags = [
    '--hosts',
    '3',
    '--input',
    join(inputs, '*'),
    '--output',
    join(cloud.home, 'bench-out'),
  ]
  const outcome = await cloud.artel(['map', ...flags, 'debian:bookworm-slim', '--', 'true', '{}'])
  const seconds = (performance.now() - started) / 1000
  if (outcome.code !== 0) throw new Error(`artel map: ${outcome.stderr}`)
  return [
    {
      name: 'map of 500 trivial tasks, 3 hosts',
      value: tasks / seconds,
      unit: 'tasks/s',
      target: { atLeast: 25 },
      note: `${seconds.toFixed(1)} s with leases and settlement`,
    },
    {
      name: "supervisor's processor time per task",
      value: ((cpuSeconds(pid) - cpuBefore) * 1000) / tasks,
      unit: 'ms/task',
    },
  ]
}
