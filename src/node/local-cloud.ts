import { availableParallelism } from 'node:os'
import { anvilKey, startAnvil } from '#adapters/chain-viem/anvil'
import { ArtelError } from '#core/errors'
import { parseAmount, parseHourlyPrice, rate } from '#core/money'
import type { HostJoin } from '#protocol/api/node'
import { loadConfig, loadNetwork, type NetworkFile, saveConfig } from './config.ts'
import { deployOn } from './deploy.ts'
import { fundMember } from './fund.ts'
import { type Home, homeOf } from './home.ts'
import {
  chainDirectory,
  hostHome,
  type LocalLayout,
  type LocalMember,
  loadLayout,
  loadMembers,
  planLayout,
} from './local-layout.ts'
import { awaitOffers, clearOut, joinOnce } from './local-market.ts'
import { writeNetwork } from './network-file.ts'
import { answers, readPid, startDaemon } from './start-daemon.ts'
import { endProcess, isAlive, stopDaemon } from './stop-daemon.ts'

type Say = (line: string) => void

/** What each member of a local cloud gets of the test token and how much lies in its vault. */
const purse = { vault: '100', tokens: '900' } as const
/** Dearer and cheaper hosts, so that the market has something to choose from: tokens per processor-hour. */
const hourlyPrices = ['0.010', '0.012', '0.015', '0.018'] as const

/**
 * Starts a cloud on this machine: a chain with the contracts, `hosts` hosts and a tenant, each a process of its
 * own with its own key, database and folder. Reuses what exists; starts only what does not run.
 */
export const localUp = async (options: {
  readonly home: string
  readonly hosts: number
  readonly say: Say
}): Promise<NetworkFile> => {
  const { say } = options
  const home = homeOf(options.home)
  await refuseForeignNetwork(home)
  const running = await localStatus({ home: options.home })
  if (running.up && running.hosts.length >= options.hosts) {
    say(`the local cloud runs already: ${running.hosts.length} hosts`)
    return loadNetwork(home.network)
  }
  if (running.up || running.members.some((member) => member.running)) {
    await localDown({ home: options.home, say })
  }
  const layout = await planLayout(home, options.hosts)
  const members = await loadMembers(home, options.hosts)
  const rpcUrl = await startChain(home, layout, say)
  const network = await prepareNetwork(home, layout, members.hosts, rpcUrl, say)
  const everyone = [...members.hosts, members.tenant]
  for (const member of everyone) await fundMember({ member, network, ...purse })
  await configure(layout, members.hosts, members.tenant, network)
  try {
    await Promise.all(members.hosts.map((member) => startDaemon({ home: member.home.directory })))
    await startDaemon({ home: home.directory })
    for (const [index, member] of members.hosts.entries()) {
      await joinOnce(member.home, localHost(index, network))
    }
    await awaitOffers(home, options.hosts)
  } catch (error) {
    await localDown({ home: options.home, say })
    throw error
  }
  say(`the local cloud is up: ${options.hosts} hosts and a tenant on chain ${network.chainId}`)
  return network
}

/** Ends every run, lease and process of the local cloud, in order; what its nodes keep on disk stays. */
export const localDown = async (options: {
  readonly home: string
  readonly say: Say
}): Promise<void> => {
  const home = homeOf(options.home)
  const layout = await loadLayout(home)
  if (layout === undefined) return
  const homes = Array.from({ length: layout.hosts }, (_, index) => hostHome(home, index + 1))
  await clearOut(home, homes, options.say)
  await stopDaemon({ home: home.directory })
  await Promise.all(homes.map((one) => stopDaemon({ home: one.directory })))
  const chain = await chainPid(home)
  if (chain !== undefined) await endProcess(chain, 10_000)
  options.say('the local cloud is stopped')
}

export type LocalStatus = {
  /** The chain, every host and the tenant run. */
  readonly up: boolean
  readonly chain: { readonly running: boolean; readonly rpcUrl: string | undefined }
  readonly hosts: readonly string[]
  readonly members: readonly {
    readonly name: string
    readonly home: string
    readonly running: boolean
    readonly pid: number | undefined
  }[]
}

/** Which processes of the local cloud run. */
export const localStatus = async (options: { readonly home: string }): Promise<LocalStatus> => {
  const home = homeOf(options.home)
  const layout = await loadLayout(home)
  if (layout === undefined) {
    return { up: false, chain: { running: false, rpcUrl: undefined }, hosts: [], members: [] }
  }
  const names = Array.from({ length: layout.hosts }, (_, index) => `host-${index + 1}`)
  const homes = [
    ...names.map((name, index) => ({ name, home: hostHome(home, index + 1) })),
    { name: 'tenant', home },
  ]
  const members = await Promise.all(
    homes.map(async (member) => {
      const running = await answers(member.home.socket)
      const pid = running ? await readPid(member.home.pid) : undefined
      return { name: member.name, home: member.home.directory, running, pid }
    }),
  )
  const running = (await chainPid(home)) !== undefined
  return {
    up: running && members.every((member) => member.running),
    chain: { running, rpcUrl: `http://127.0.0.1:${layout.rpcPort}` },
    hosts: names,
    members,
  }
}

const chainPid = async (home: Home): Promise<number | undefined> => {
  const pid = await readPid(`${chainDirectory(home)}/anvil.pid`)
  return pid !== undefined && isAlive(pid) ? pid : undefined
}

/** A home that belongs to another cloud must not be turned into a local one by accident. */
const refuseForeignNetwork = async (home: Home): Promise<void> => {
  if ((await loadLayout(home)) !== undefined) return
  const foreign = await loadNetwork(home.network).catch(() => undefined)
  if (foreign === undefined) return
  throw new ArtelError('conflict', `${home.directory} belongs to the network ${foreign.name}`, {
    hint: 'Use another folder for a local cloud: ARTEL_HOME=~/.artel-local artel local up.',
  })
}

const startChain = async (home: Home, layout: LocalLayout, say: Say): Promise<string> => {
  const rpcUrl = `http://127.0.0.1:${layout.rpcPort}`
  if ((await chainPid(home)) !== undefined) return rpcUrl
  say(`starting a chain (anvil) on 127.0.0.1:${layout.rpcPort}`)
  await startAnvil({ directory: chainDirectory(home), port: layout.rpcPort, detached: true })
  return rpcUrl
}

const prepareNetwork = async (
  home: Home,
  layout: LocalLayout,
  hosts: readonly LocalMember[],
  rpcUrl: string,
  say: Say,
): Promise<NetworkFile> => {
  const known = await loadNetwork(home.network).catch(() => undefined)
  const deployed = await deployOn({ rpcUrl, privateKey: anvilKey, known, say })
  const bootstrap = hosts.map(
    (member, index) =>
      `/ip4/127.0.0.1/tcp/${layout.hostPorts[index] ?? 0}/p2p/${member.signer.peerId}`,
  )
  const network: NetworkFile = { ...deployed, name: 'local', bootstrap }
  await writeNetwork(home.network, network)
  return network
}

const configure = async (
  layout: LocalLayout,
  hosts: readonly LocalMember[],
  tenant: LocalMember,
  network: NetworkFile,
): Promise<void> => {
  for (const [index, member] of hosts.entries()) {
    await writeNetwork(member.home.network, network)
    const config = await loadConfig(member.home)
    await saveConfig(member.home, {
      ...config,
      listen: [`/ip4/127.0.0.1/tcp/${layout.hostPorts[index] ?? 0}`],
    })
  }
  const config = await loadConfig(tenant.home)
  await saveConfig(tenant.home, { ...config, listen: ['/ip4/127.0.0.1/tcp/0'] })
}

/** What a host of the local cloud sells: an even share of nothing in particular, at its own price. */
const localHost = (index: number, network: NetworkFile): HostJoin => {
  const { decimals } = network.token
  const hourly = (text: string) => parseHourlyPrice(text, decimals) ?? rate(0n)
  const amount = (text: string) => parseAmount(text, decimals)
  const bond = amount('0.05')
  const quitFee = amount('0.01')
  return {
    price: {
      base: hourly('0.001'),
      perCpu: hourly(hourlyPrices[index % hourlyPrices.length] ?? '0.01'),
      perMemoryGib: hourly('0.002'),
      perDiskGib: hourly('0.0001'),
      perGpu: hourly('0.2'),
    },
    // Every host of a local cloud sells the whole machine: they take turns on its processors.
    cpuMilli: availableParallelism() * 1000,
    leasesMax: 16,
    region: 'local',
    minimumSeconds: 1,
    leaseSecondsMax: 30 * 86_400,
    ...(bond === undefined ? {} : { bond }),
    ...(quitFee === undefined ? {} : { quitFee }),
  }
}
