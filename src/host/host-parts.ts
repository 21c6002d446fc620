import { fitBeside } from '#core/host-capacity'
import type { OwnerRules } from '#core/host-rules'
import type { SettlementPolicy } from '#core/host-settlement'
import type { Address } from '#core/ids'
import type { Server } from '#peers/server'
import type { Chain } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Engine } from '#ports/engine'
import type { Firewall } from '#ports/firewall'
import type { Log } from '#ports/log'
import type { Machine } from '#ports/machine'
import type { Network } from '#ports/network'
import type { Records } from '#ports/records'
import type { Signer } from '#ports/signer'
import type { Spools } from '#ports/spools'
import type { Volumes } from '#ports/volumes'
import type { HostLease } from '#protocol/host-records'
import { type Background, createBackground } from './background.ts'
import { Bidding } from './bidding.ts'
import { createChainTime } from './chain-time.ts'
import { type ContainerDefaults, containerDefaults } from './container-spec.ts'
import { createEarnings } from './earnings.ts'
import { createImages } from './images.ts'
import { createLeaseAccess } from './lease-access.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { createLeaseStore } from './lease-store.ts'
import type { LeaseFollower, Outbox } from './ledger-view.ts'
import { createNetworks } from './networks.ts'
import { Readiness } from './readiness.ts'
import { createRunStore } from './run-store.ts'
import { Runs } from './runs.ts'
import type { Selling } from './selling.ts'
import { Settlement } from './settlement.ts'
import { Workers } from './workers.ts'

/** What a host needs of the world. Started before it and stopped after it by whoever made it. */
export type HostComponents = {
  readonly chain: Pick<Chain, 'info' | 'balance' | 'isOperator' | 'outlook'>
  readonly clock: Clock
  readonly engine: Engine
  readonly firewall: Firewall
  readonly follower: LeaseFollower
  readonly log: Log
  readonly machine: Machine
  readonly network: Pick<Network, 'self' | 'publish' | 'connected' | 'addresses'>
  readonly outbox: Outbox
  readonly records: Records
  readonly server: Pick<Server, 'handle'>
  readonly signer: Signer
  readonly spools: Spools
  readonly volumes: Volumes
}

export type HostOptions = {
  /** The account that gets the money: the signer's own, or one that allows it as operator. */
  readonly account: Address
  readonly rules: Pick<OwnerRules, 'tenantsAllowed' | 'tenantsDenied' | 'imagesDenied'>
  /** An IPv4 range of which every lease with a network gets a /28. */
  readonly subnetPool: string
  /** Blocks that must include the open of a lease before its runs may start. */
  readonly confirmations: number
  readonly settlement: SettlementPolicy
  readonly container: ContainerDefaults
  /** Output that is kept of a run. */
  readonly spoolBytesMax: number
  /** How long the output of ended leases stays readable. */
  readonly keepOutputMs: number
  readonly runsPerLeaseMax: number
  readonly imageBytesMax: number
  /** What images that were brought here for tenants may take together. */
  readonly imageCacheBytesMax: number
  readonly pullTimeoutMs: number
  /** Service that a tenant must be able to pay for before capacity is kept for it. */
  readonly affordSeconds: number
  readonly warmImages: boolean
}

const gib = 1024 ** 3

/** What a host does unless its owner says otherwise; account, and the threshold of claims, are the owner's. */
export const hostDefaults = {
  rules: { tenantsAllowed: [], tenantsDenied: [], imagesDenied: [] },
  subnetPool: '10.213.0.0/16',
  confirmations: 1,
  container: containerDefaults,
  spoolBytesMax: 16 * 1024 * 1024,
  keepOutputMs: 600_000,
  runsPerLeaseMax: 256,
  imageBytesMax: 32 * gib,
  imageCacheBytesMax: 50 * gib,
  pullTimeoutMs: 1_800_000,
  affordSeconds: 60,
  warmImages: true,
} as const satisfies Partial<HostOptions>

/** How the owner's decisions reach the parts of a host. */
export type HostHooks = {
  readonly selling: () => Selling | { readonly problem: string }
  /** What is offered may have changed. */
  readonly onChange: () => void
}

const createEngineSide = (
  components: HostComponents,
  options: HostOptions,
  background: Background,
  hidesGpus: () => boolean,
) => {
  const { clock, engine, firewall, log, records, signer, spools, volumes } = components
  const runStore = createRunStore(records)
  const images = createImages(
    { engine, clock, log, records, background },
    {
      imageBytesMax: options.imageBytesMax,
      cacheBytesMax: options.imageCacheBytesMax,
      pullTimeoutMs: options.pullTimeoutMs,
    },
  )
  const networks = createNetworks(
    { engine, firewall, records, log },
    { node: signer.address, subnetPool: options.subnetPool },
  )
  const runsOptions = {
    node: signer.address,
    container: options.container,
    hidesGpus,
    spoolBytesMax: options.spoolBytesMax,
    runsPerLeaseMax: options.runsPerLeaseMax,
  }
  const runs = new Runs(
    { clock, engine, images, log, networks, runs: runStore, spools, volumes },
    runsOptions,
  )
  const workers = new Workers(
    { clock, engine, images, log, networks, runs, runStore, volumes },
    runsOptions,
  )
  return { images, networks, runs, runStore, workers }
}

/** Builds everything that a host consists of; nothing runs yet. */
export const createHostParts = (
  components: HostComponents,
  options: HostOptions,
  hooks: HostHooks,
) => {
  const { chain, clock, engine, firewall, follower, log, machine, outbox, records, signer } =
    components
  const { selling } = hooks
  const background = createBackground(log)
  const time = createChainTime(clock)
  const leases = createLeaseStore(records)
  const earnings = createEarnings(records)
  const hidesGpus = (): boolean => (readiness.facts()?.machine.gpus.length ?? 0) > 0
  const side = createEngineSide(components, options, background, hidesGpus)
  const { images, networks, runs, workers } = side
  const readiness = new Readiness({
    clock,
    engine,
    firewall,
    leases,
    log,
    machine,
    networks,
    runs,
    onChange: hooks.onChange,
  })
  const ready = (): boolean => readiness.ready()
  const settlement = new Settlement(
    { background, clock, follower, leases, log, outbox, time },
    options.settlement,
  )
  const fits = (lease: HostLease): boolean => {
    const now = selling()
    if ('problem' in now) return false
    return fitBeside(now.capacity, leases.holds(), lease.requirements.resources).ok
  }
  const keeper = new LeaseKeeper(
    {
      background,
      clock,
      earnings,
      fits,
      follower,
      images,
      leases,
      log,
      networks,
      ready,
      runs,
      settlement,
      time,
      workers,
    },
    { confirmations: options.confirmations, keepOutputMs: options.keepOutputMs },
  )
  const ask: LeaseKeeper['ask'] = (id, signal) => keeper.ask(id, signal)
  const bidding = new Bidding({ ask, chain, clock, images, leases, signer, time, selling }, options)
  const access = createLeaseAccess({ clock, keeper, leases, ready })
  return {
    ...side,
    access,
    background,
    bidding,
    earnings,
    keeper,
    leases,
    readiness,
    settlement,
    time,
  }
}

export type HostParts = ReturnType<typeof createHostParts>
