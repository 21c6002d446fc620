import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cloud } from '../test/e2e/cloud.ts'
import type { Measure } from './measure.ts'
import { peakRssMib } from './process-usage.ts'

const bytes = 100 * 1024 * 1024
const script = `head -c ${bytes} /dev/zero`

const count = (program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env })
    let total = 0
    child.stdout.on('data', (chunk: Buffer) => {
      total += chunk.length
    })
    child.once('error', reject)
    child.once('close', () => resolve(total))
  })

/** 100 MB of container output to the terminal's side: nothing lost, memory bounded. */
export const measureOutput = async (cloud: Cloud, binary: string): Promise<readonly Measure[]> => {
  const image = 'debian:bookworm-slim'
  const time = async (program: string, args: readonly string[]): Promise<[number, number]> => {
    const started = performance.now()
    const total = await count(program, args, { ...process.env, ARTEL_HOME: cloud.home })
    return [total, bytes / 1024 / 1024 / ((performance.now() - started) / 1000)]
  }
  spawnSync('docker', ['run', '--rm', image, 'true'])
  const [, dockerRate] = await time('docker', ['run', '--rm', image, 'sh', '-c', script])
  const [total, rate] = await time(binary, ['run', image, 'sh', '-c', script])
  const pids = ['.', 'local/host-1', 'local/host-2', 'local/host-3'].map((home) =>
    Number(readFileSync(join(cloud.home, home, 'node.pid'), 'utf8')),
  )
  return [
    {
      name: '100 MB of output: bytes missing or too many',
      value: Math.abs(bytes - total),
      unit: 'bytes',
      target: { atMost: 0 },
    },
    {
      name: '100 MB of output: throughput',
      value: rate,
      unit: 'MiB/s',
      reference: dockerRate,
      referenceName: 'MiB/s docker run',
    },
    {
      name: '100 MB of output: largest node since its start',
      value: Math.max(...pids.map(peakRssMib)),
      unit: 'MiB RSS',
    },
  ]
}
