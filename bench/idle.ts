import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cloud } from '../test/e2e/cloud.ts'
import type { Measure } from './measure.ts'
import { cpuSeconds, rssMib } from './process-usage.ts'

const seconds = 20

/** What a host node costs its owner while nothing runs. */
export const measureIdle = async (cloud: Cloud): Promise<readonly Measure[]> => {
  const pid = Number(readFileSync(join(cloud.home, 'local/host-1/node.pid'), 'utf8'))
  const before = cpuSeconds(pid)
  await sleep(seconds * 1000)
  return [
    { name: 'idle host node: memory', value: rssMib(pid), unit: 'MiB RSS' },
    {
      name: 'idle host node: processor',
      value: ((cpuSeconds(pid) - before) / seconds) * 100,
      unit: '% of one',
    },
  ]
}
