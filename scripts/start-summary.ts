import { setTimeout as sleep } from 'node:timers/promises'
import { formatAmount } from '#core/money'
import { homeOf } from '#node/home'
import { hostHome, loadLayout } from '#node/local-layout'
import { type Client, createClient } from '#sdk/client'
import type { MapView } from '#sdk/types'
import { createHttpTransport } from '../src/cli/transport.ts'

const settleTimeoutMs = 30_000

type HostLine = {
  readonly name: string
  readonly address: string
  readonly tasks: number
  readonly earned: bigint
}

const clientOf = async (home: string): Promise<Client> =>
  createClient(await createHttpTransport({ home, host: undefined }))

/** Waits until the chain has divided the money of every lease of the map. */
const settled = async (tenant: Client, map: MapView): Promise<void> => {
  const until = performance.now() + settleTimeoutMs
  const ids = new Set<string>(map.hosts.map((host) => host.lease))
  while (performance.now() < until) {
    const leases = (await tenant.leases.list(true)).filter((lease) => ids.has(lease.id))
    if (leases.length === ids.size && leases.every((lease) => lease.status === 'settled')) return
    await sleep(200)
  }
  throw new Error(`the leases of the render are not settled after ${settleTimeoutMs} ms`)
}

const hostLines = async (home: string, map: MapView): Promise<readonly HostLine[]> => {
  const layout = await loadLayout(homeOf(home))
  const lines: HostLine[] = []
  for (let index = 1; index <= (layout?.hosts ?? 0); index += 1) {
    const host = await clientOf(hostHome(homeOf(home), index).directory)
    const { address } = await host.host.view()
    const used = map.hosts.filter((one) => one.host.address === address)
    const leases = new Set<string>(used.map((one) => one.lease))
    const earned = (await host.host.earnings())
      .filter((earning) => leases.has(earning.lease))
      .reduce((sum, earning) => sum + BigInt(earning.earned), 0n)
    const tasks = used.reduce((sum, one) => sum + one.tasks, 0)
    lines.push({ name: `host-${index}`, address, tasks, earned })
  }
  return lines
}

/** What happened in the render, who did what and was paid what, and what to try next. */
export const printSummary = async (options: {
  readonly home: string
  readonly map: MapView
  readonly frames: number
  readonly seconds: number
  readonly animation: string
}): Promise<void> => {
  const { home, map, frames, seconds, animation } = options
  const tenant = await clientOf(home)
  await settled(tenant, map)
  const lines = await hostLines(home, map)
  const { token } = await tenant.wallet.view()
  const money = (units: bigint): string => `${formatAmount(units, token.decimals)} ${token.symbol}`
  const ids = new Set<string>(map.hosts.map((host) => host.lease))
  const leases = (await tenant.leases.list(true)).filter((lease) => ids.has(lease.id))
  const deposits = leases.reduce((sum, lease) => sum + BigInt(lease.deposit), 0n)
  const paid = leases.reduce((sum, lease) => sum + BigInt(lease.owed), 0n)

  console.log(`\n${frames} frames in ${seconds.toFixed(1)} s: out/*.png and ${animation}\n`)
  console.log('HOST      ACCOUNT        FRAMES  EARNED')
  for (const line of lines) {
    const account = `${line.address.slice(0, 8)}…${line.address.slice(-4)}`
    console.log(
      `${line.name.padEnd(9)} ${account}  ${String(line.tasks).padStart(6)}  ${money(line.earned)}`,
    )
  }
  console.log(
    `\nThe tenant put ${money(deposits)} into escrow, paid ${money(paid)} and got ${money(deposits - paid)} back.\n`,
  )
  const prefix = process.env.ARTEL_HOME === undefined ? '' : `ARTEL_HOME=${home} `
  const up = `Try next, after ${prefix}bin/artel local up --hosts ${lines.length}:`
  console.log(`${process.stdout.isTTY ? 'Try next, in another terminal:' : up}
  ${prefix}bin/artel market
  ${prefix}bin/artel run debian:bookworm-slim sh -c 'echo hello from a stranger; nproc'
  ${prefix}bin/artel run -it debian:bookworm-slim bash
  ${prefix}bin/artel leases -a
  ${prefix}bin/artel --home ${home}/local/host-1 host status
`)
}
