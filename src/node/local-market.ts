import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ArtelError } from '#core/errors'
import { type HostJoin, hostJoinSchema, hostViewSchema, statusSchema } from '#protocol/api/node'
import { askNode } from './ask-node.ts'
import type { Home } from './home.ts'
import { answers } from './start-daemon.ts'

const offersTimeoutMs = 30_000
const drainSeconds = 5
const stopGraceSeconds = 2

/** Makes a running node sell, unless its owner has decided on that before. */
export const joinOnce = async (home: Home, request: HostJoin): Promise<void> => {
  const { state } = hostViewSchema.parse(await askNode(home, '/v1/host'))
  if (state !== 'absent') return
  await askNode(home, '/v1/host/join', JSON.stringify(hostJoinSchema.encode(request)))
}

/** Waits until the tenant has heard the offers of so many hosts; throws 'timeout'. */
export const awaitOffers = async (tenant: Home, hosts: number): Promise<void> => {
  const until = performance.now() + offersTimeoutMs
  while (performance.now() < until) {
    const { offers } = statusSchema.parse(await askNode(tenant, '/v1/status'))
    if (offers >= hosts) return
    await sleep(100)
  }
  throw new ArtelError(
    'timeout',
    `fewer than ${hosts} hosts offered within ${offersTimeoutMs} ms`,
    {
      hint: `The logs of the hosts lie in ${tenant.directory}/local/host-*/node.log.`,
    },
  )
}

/**
 * Ends every run and lease of a local cloud while its nodes still run, so that no container, network or mount
 * outlives it. A node that does not answer is left out: its next start sweeps what it left.
 */
export const clearOut = async (
  tenant: Home,
  hosts: readonly Home[],
  say: (line: string) => void,
): Promise<void> => {
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      say(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (await answers(tenant.socket)) {
    await attempt('runs were not ended', async () => {
      const runs = runListSchema.parse(await askNode(tenant, '/v1/runs'))
      const active = runs.filter((run) => run.status !== 'exited')
      const body = JSON.stringify({ graceSeconds: stopGraceSeconds })
      await Promise.all(active.map((run) => askNode(tenant, `/v1/runs/${run.id}/stop`, body)))
    })
  }
  await Promise.all(
    hosts.map(async (host) => {
      if (!(await answers(host.socket))) return
      await attempt(`${host.directory} did not leave`, () =>
        askNode(host, '/v1/host/leave', JSON.stringify({ drainSeconds })),
      )
    }),
  )
}

const runListSchema = z.array(z.object({ id: z.string(), status: z.string() }))
