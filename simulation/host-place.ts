import { createMemoryEngine } from '#adapters/memory/engine'
import { createMemoryFirewall } from '#adapters/memory/firewall'
import { createMemoryMachine } from '#adapters/memory/machine'
import { createMemoryRecords } from '#adapters/memory/records'
import { createSeededSigner } from '#adapters/memory/signer'
import { createMemorySpools } from '#adapters/memory/spools'
import { createMemoryVolumes } from '#adapters/memory/volumes'
import { rate, tokenAmount } from '#core/money'
import { assembleBase } from '#node/assemble-base'
import { assembleHost } from '#node/assemble-host'
import type { Startable } from '#ports/lifecycle'
import type { Signer } from '#ports/signer'
import { type HostJoin, hostJoinSchema } from '#protocol/api/node'
import { keepConnected, together } from './bootstrap.ts'
import type { HostTarget } from './fault-driver.ts'
import { createFaultyEngine } from './faulty-engine.ts'
import { lend } from './life.ts'
import { plantedClock, plantedEngine } from './plants/plants.ts'
import { createSite, type LifePorts } from './site.ts'
import {
  type ChainLink,
  createChainLink,
  drawSkewMs,
  publicImage,
  type WorldParts,
} from './world-parts.ts'

/** What the owner and the faults need of a host's node. */
type HostBody = Startable & {
  readonly join: (request: HostJoin, signal: AbortSignal) => Promise<unknown>
  readonly leave: (drainSeconds: number, signal: AbortSignal) => Promise<unknown>
  readonly deposit: (units: bigint) => Promise<void>
  readonly earned: () => bigint
}

/** A host's machine: its disk, engine and key outlive its node. */
export type HostPlace = ReturnType<typeof createHostPlace>

const open = new AbortController().signal
/** What a host's bonds are paid from, token base units. */
const hostPurse = 100_000_000n
const gibibyte = 1024 ** 3
const usualRate = 1_000_000_000_000n / 3600n

type Machinery = ReturnType<typeof createMachinery>

const createMachinery = (parts: WorldParts) => {
  const volumes = createMemoryVolumes()
  const genuine = createMemoryEngine({
    clock: parts.clock,
    volumes,
    registry: [publicImage],
  })
  const faulty = createFaultyEngine(plantedEngine(parts.plant, genuine))
  return {
    genuine,
    engine: faulty.engine,
    setEngineFailing: faulty.setFailing,
    volumes,
    spools: createMemorySpools(),
    firewall: createMemoryFirewall(),
    records: createMemoryRecords(),
  }
}

/** What the owner asks for: prices differ, so that the market has something to choose from. */
const joinRequest = (parts: WorldParts, name: string): HostJoin => {
  const random = parts.random.fork(`${name}/owner`)
  const price = rate((usualRate * BigInt(100 + random.integer(100))) / 100n)
  return hostJoinSchema.parse({
    price: {
      base: String(price / 10n),
      perCpu: String(price),
      perMemoryGib: String(price / 4n),
      perDiskGib: String(price / 100n),
      perGpu: String(price * 10n),
    },
    cpuMilli: 4000 + 1000 * random.integer(12),
    memoryBytes: (8 + random.integer(24)) * gibibyte,
    diskBytes: (20 + random.integer(80)) * gibibyte,
    region: parts.region,
    leasesMax: 4 + random.integer(12),
    bond: '2000000',
    quitFee: '500000',
  })
}

const machine = createMemoryMachine({
  facts: {
    resources: {
      cpuMilli: 16_000,
      memoryBytes: 64 * gibibyte,
      diskBytes: 200 * gibibyte,
      gpus: 0,
    },
  },
})

/** The node of a host, in one of its lives. */
const assembleNode = (
  parts: WorldParts,
  own: { readonly signer: Signer; readonly chainLink: ChainLink; readonly machinery: Machinery },
  ports: LifePorts,
): HostBody => {
  const { signer, machinery } = own
  const { life, clock, log, network } = ports
  const base = assembleBase(
    { ...ports, signer, chain: own.chainLink.connect(clock) },
    { regions: [parts.region], marketNode: false },
  )
  const host = assembleHost(base, {
    engine: lend(machinery.engine, life),
    firewall: lend(machinery.firewall, life),
    machine,
    spools: lend(machinery.spools, life),
    volumes: lend(machinery.volumes, life),
  })
  const connected = keepConnected({ network, clock, log }, parts.bootstrap)
  const deposit = async (units: bigint): Promise<void> => {
    const amount = tokenAmount(units)
    await base.outbox.submit({ kind: 'approve', amount }, { key: 'first-approve' }, open)
    await base.outbox.submit({ kind: 'deposit', amount }, { key: 'first-deposit' }, open)
  }
  return {
    ...together(connected, base, host),
    join: (request, signal) => host.join(request, signal),
    leave: (drainSeconds, signal) => host.leave(drainSeconds, signal),
    deposit,
    earned: () => host.earnings().reduce((sum, { earned }) => sum + earned, 0n),
  }
}

export const createHostPlace = (parts: WorldParts, name: string) => {
  const random = parts.random.fork(name)
  const signer = createSeededSigner(random.fork('key'))
  const machinery = createMachinery(parts)
  const chainLink = createChainLink(parts.ledger, signer)

  const own = { signer, machinery, chainLink }
  const { clock, log } = parts
  const site = createSite(
    {
      clock,
      random,
      log,
      signer,
      records: machinery.records,
      network: () => parts.internet.node({ peer: signer.peerId }),
    },
    {
      name,
      assemble: (ports) => assembleNode(parts, own, ports),
      skewMs: drawSkewMs(random),
      clockOf: (genuine) => plantedClock(parts.plant, genuine),
    },
  )
  const target: HostTarget = {
    site,
    setEngineFailing: machinery.setEngineFailing,
    killContainers: async () => machinery.genuine.crash(),
    leave: async (drainSeconds) => {
      await site.body()?.leave(drainSeconds, open)
    },
  }
  return {
    ...target,
    site,
    chainLink,
    engine: machinery.genuine,
    volumes: machinery.volumes,
    spools: machinery.spools,
    firewall: machinery.firewall,
    /** Brings money into the vault and begins to sell. */
    settleIn: async (): Promise<void> => {
      const body = site.body()
      await body?.deposit(hostPurse)
      await body?.join(joinRequest(parts, name), open)
    },
  }
}
