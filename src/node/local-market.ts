import { setTimeout as sleep } from 'node:timers/promises'
import { ArtelError } from '#core/errors'
import { type HostJoin, hostJoinSchema, hostViewSchema, statusSchema } from '#protocol/api/node'
import { askNode } from './ask-node.ts'
import type { Home } from './home.ts'

const offersTimeoutMs = 30_000

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
