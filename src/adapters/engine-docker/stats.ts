import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { ContainerStats, Engine } from '#ports/engine'
import { containerPath } from './containers.ts'
import type { Call, EngineHttp } from './http.ts'

const amount = z.number().nullish()

const raw = z.object({
  read: z.string(),
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: amount }).nullish() }).nullish(),
  memory_stats: z
    .object({ usage: amount, limit: amount, stats: z.record(z.string(), z.number()).nullish() })
    .nullish(),
  pids_stats: z.object({ current: amount }).nullish(),
  networks: z
    .record(z.string(), z.object({ rx_bytes: z.number(), tx_bytes: z.number() }))
    .nullish(),
  blkio_stats: z
    .object({
      io_service_bytes_recursive: z
        .array(z.object({ op: z.string(), value: z.number() }))
        .nullish(),
    })
    .nullish(),
})

type Raw = z.infer<typeof raw>

/** Used memory without the page cache that the kernel would give back, as `docker stats` counts. */
const usedMemory = (memory: Raw['memory_stats']): number => {
  const usage = memory?.usage ?? 0
  const details = memory?.stats ?? {}
  // The first name is of cgroup v1, the second of v2.
  const cache = details.total_inactive_file ?? details.inactive_file ?? 0
  return Math.max(0, usage - cache)
}

const transferred = (stats: Raw, op: string): number =>
  (stats.blkio_stats?.io_service_bytes_recursive ?? [])
    .filter((entry) => entry.op.toLowerCase() === op)
    .reduce((sum, entry) => sum + entry.value, 0)

const toStats = (stats: Raw): ContainerStats => {
  const links = Object.values(stats.networks ?? {})
  return {
    atMs: Date.parse(stats.read),
    cpuNs: stats.cpu_stats?.cpu_usage?.total_usage ?? 0,
    memoryBytes: usedMemory(stats.memory_stats),
    memoryMaxBytes: stats.memory_stats?.limit ?? 0,
    pids: stats.pids_stats?.current ?? 0,
    receivedBytes: links.reduce((sum, link) => sum + link.rx_bytes, 0),
    sentBytes: links.reduce((sum, link) => sum + link.tx_bytes, 0),
    readBytes: transferred(stats, 'read'),
    writtenBytes: transferred(stats, 'write'),
  }
}

/** One measurement; throws 'conflict' where nothing runs, because the engine then answers with zeros. */
export const createStats = (http: EngineHttp): Pick<Engine, 'stats'> => ({
  stats: async (id, signal) => {
    const query = { stream: false, 'one-shot': true }
    const path = containerPath(id, '/stats')
    const call: Call = { what: `stats ${id}`, method: 'GET', path, query }
    const stats = raw.parse(await http.json(call, signal))
    if (stats.read.startsWith('0001-')) throw new ArtelError('conflict', `${id} is not running`)
    return toStats(stats)
  },
})
