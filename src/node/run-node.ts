import { randomBytes } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createDiskBlobs } from '#adapters/blobs-disk/blobs'
import { createViemChain } from '#adapters/chain-viem/chain'
import { createSystemClock } from '#adapters/clock-system/clock'
import { loadOrCreateKeyFile } from '#adapters/crypto-node/key-file'
import { createSystemRandom } from '#adapters/crypto-node/random'
import { createSigner } from '#adapters/crypto-node/signer'
import { createDockerEngine } from '#adapters/engine-docker/engine'
import { createIptablesFirewall } from '#adapters/firewall-iptables/firewall'
import { createStderrLog } from '#adapters/log-stderr/log'
import { createSystemMachine } from '#adapters/machine-system/machine'
import { createLibp2pNetwork } from '#adapters/network-libp2p/network'
import { openSqliteRecords } from '#adapters/records-sqlite/records'
import { createDiskSpools } from '#adapters/spools-disk/spools'
import { createDiskVolumes } from '#adapters/volumes-disk/volumes'
import { createApi } from '#api/create-api'
import { serveApi } from '#api/serve-api'
import { ArtelError } from '#core/errors'
import type { Engine } from '#ports/engine'
import { assembleBase } from './assemble-base.ts'
import { assembleHost } from './assemble-host.ts'
import { assembleTenant } from './assemble-tenant.ts'
import { loadConfig, loadNetwork, type NetworkFile, type NodeConfig } from './config.ts'
import { readSmallFile, writeFileAtomically } from './files.ts'
import type { Home } from './home.ts'
import { createNodeService } from './node-service.ts'

const startTimeoutMs = 50_000
const defaultEngineSocket = '/var/run/docker.sock'
const socketPathMax = 107

type Ends = (() => void | Promise<void>)[]

/** Runs a node until `stop` aborts: picks the adapters, builds everything, and ends it in reverse order. */
export const runNode = async (home: Home, stop: AbortSignal): Promise<void> => {
  await prepareHome(home)
  const config = await loadConfig(home)
  const networkFile = await loadNetwork(home.network)
  const ends: Ends = []
  try {
    const adapters = await openAdapters(home, config, networkFile, ends)
    const { engine, log, records, clock } = adapters
    const base = assembleBase(adapters, {
      regions: networkFile.regions,
      marketNode: config.marketNode,
      fromBlock: networkFile.fromBlock,
    })
    const tenantEngine = await answering(engine)
    const tenant = assembleTenant(base, {
      blobs: await createDiskBlobs({ directory: home.blobs, quotaBytes: config.blobQuotaBytes }),
      spools: await createDiskSpools({ directory: join(home.spools, 'tenant') }),
      ...(tenantEngine === undefined ? {} : { engine: tenantEngine }),
    })
    const hostPorts = {
      engine,
      firewall: createIptablesFirewall(),
      machine: createSystemMachine({ directory: home.directory }),
      spools: await createDiskSpools({ directory: join(home.spools, 'host') }),
      volumes: await createDiskVolumes({ directory: home.volumes }),
    }
    const { confirmations } = networkFile
    const host = assembleHost(base, hostPorts, { confirmations, subnetPool: config.subnetPool })
    const starting = AbortSignal.any([stop, AbortSignal.timeout(startTimeoutMs)])
    for (const part of [adapters.network, base, tenant, host]) {
      ends.push(() => part.stop())
      await part.start(starting)
    }
    const { rpcUrl } = networkFile
    const services = { ...tenant, host }
    const node = createNodeService({ base, services, engine, home, rpcUrl })
    const api = createApi({ services: { ...services, node }, records, clock, log })
    const tcp = { port: config.apiPort, token: await tokenOf(home) }
    const served = await serveApi(api, { socketPath: home.socket, tcp })
    ends.push(() => served.stop())
    await writeFileAtomically(home.apiAddress, `http://127.0.0.1:${served.port ?? 0}\n`, 0o600)
    const { address, peerId } = adapters.signer
    log.info('node is up', { address, peer: peerId, pid: process.pid })
    await aborted(stop)
    log.info('node is stopping')
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

const prepareHome = async (home: Home): Promise<void> => {
  if (home.socket.length > socketPathMax) {
    throw new ArtelError('bad-request', `the path ${home.socket} is too long for a unix socket`, {
      hint: 'Choose a shorter ARTEL_HOME.',
    })
  }
  await mkdir(home.directory, { recursive: true, mode: 0o700 })
  await chmod(home.directory, 0o700)
}

/** What the system, the chain and the network are reached through; what must be closed goes into `ends`. */
const openAdapters = async (
  home: Home,
  config: NodeConfig,
  networkFile: NetworkFile,
  ends: Ends,
) => {
  const log = createStderrLog({ level: config.logLevel })
  const records = openSqliteRecords(home.database)
  ends.push(() => records.close())
  await writeFileAtomically(home.pid, `${process.pid}\n`, 0o600)
  const key = await loadOrCreateKeyFile(home.key)
  const signer = createSigner(key)
  const life = new AbortController()
  ends.push(() => life.abort())
  const chain = await createViemChain(
    {
      rpcUrl: networkFile.rpcUrl,
      chainId: networkFile.chainId,
      contracts: networkFile.contracts,
      fromBlock: networkFile.fromBlock,
      privateKey: key,
    },
    life.signal,
  )
  const network = createLibp2pNetwork({
    signerPrivateKey: key,
    listen: config.listen,
    bootstrap: networkFile.bootstrap.filter((address) => !address.endsWith(signer.peerId)),
    log,
  })
  const engine = createDockerEngine({ socketPath: engineSocketOf(config.engineSocket) })
  ends.push(() => engine.close())
  const clock = createSystemClock()
  const random = createSystemRandom()
  return { log, records, signer, chain, network, engine, clock, random }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

const engineSocketOf = (configured: string | undefined): string => {
  const fromEnvironment = /^unix:\/\/(.+)$/.exec(process.env.DOCKER_HOST ?? '')?.[1]
  return configured ?? fromEnvironment ?? defaultEngineSocket
}

/** The engine, where one answers: a tenant can do without. */
const answering = async (engine: Engine): Promise<Engine | undefined> => {
  try {
    await engine.info(AbortSignal.timeout(5000))
    return engine
  } catch (error) {
    if (error instanceof ArtelError) return undefined
    throw error
  }
}

const tokenOf = async (home: Home): Promise<string> => {
  const known = (await readSmallFile(home.apiToken))?.trim()
  if (known !== undefined && /^[0-9a-f]{64}$/.test(known)) return known
  const token = randomBytes(32).toString('hex')
  await writeFileAtomically(home.apiToken, `${token}\n`, 0o600)
  return token
}
