import { connectMemoryChain } from '#adapters/memory/chain'
import { createMemoryLedgerWorld } from '#adapters/memory/chain-world'
import { createMemoryLog, type LogLine } from '#adapters/memory/log'
import { createMemoryInternet } from '#adapters/memory/network'
import { createSeededRandom } from '#adapters/memory/random'
import { createMemoryRecords, type MemoryRecords } from '#adapters/memory/records'
import { createSeededSigner } from '#adapters/memory/signer'
import type { Hash32, LeaseId } from '#core/ids'
import { zeroHash } from '#core/ids'
import type { Requirements, RunSpec } from '#core/manifest'
import { costOf, rateOfHourly, tokenAmount } from '#core/money'
import type { Terms } from '#core/terms'
import { createHost, type Host } from '#host/host'
import { type HostComponents, type HostOptions, hostDefaults } from '#host/host-parts'
import { createFollower } from '#ledger/follower'
import { createOutbox } from '#ledger/outbox'
import { createCaller } from '#peers/caller'
import { createServer } from '#peers/server'
import type { ChainCall } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Signer } from '#ports/signer'
import type { HostJoin } from '#protocol/api/node'
import { keccakText } from '#protocol/canonical'
import { leaseIdOf, receiptDigest } from '#protocol/eip712-leases'
import type { BodyPart } from '#protocol/peer/call'
import { bidRequest } from '#protocol/peer/host-routes'
import type { PeerRoute } from '#protocol/peer/route'

const mebibyte = 1024 * 1024

export const small: Requirements = {
  version: 1,
  resources: { cpuMilli: 500, memoryBytes: 64 * mebibyte, diskBytes: 256 * mebibyte, gpus: 0 },
  isolation: 'container',
  network: 'none',
}

export const joinRequest: HostJoin = {
  price: {
    base: rateOfHourly(3_600_000n),
    perCpu: rateOfHourly(0n),
    perMemoryGib: rateOfHourly(0n),
    perDiskGib: rateOfHourly(0n),
    perGpu: rateOfHourly(0n),
  },
  cpuMilli: 2000,
  memoryBytes: 1024 * mebibyte,
  diskBytes: 4096 * mebibyte,
  leasesMax: 4,
  region: 'local',
  minimumSeconds: 1,
  leaseSecondsMax: 86_400,
}

export type RigAdapters = Pick<
  HostComponents,
  'engine' | 'firewall' | 'machine' | 'spools' | 'volumes'
> & { readonly clock: Clock }

export type Reply<Result> = { readonly result: Result; readonly body: AsyncIterable<BodyPart> }

/** A tenant and a host in one process, on a chain and an internet of their own. */
export type Rig = {
  readonly host: Host
  readonly tenant: Signer
  readonly hostSigner: Signer
  readonly log: () => readonly LogLine[]
  readonly records: MemoryRecords
  readonly call: <P, R>(
    route: PeerRoute<P, R>,
    params: P,
    body?: AsyncIterable<BodyPart>,
  ) => Promise<Reply<R>>
  readonly bid: (
    requirements?: Requirements,
    instance?: string,
  ) => Promise<{
    readonly terms: Terms
    readonly signature: `0x${string}`
  }>
  /** A bid, opened on chain for so many seconds. */
  readonly lease: (seconds: number, requirements?: Requirements) => Promise<LeaseId>
  readonly chainCall: (call: ChainCall) => Promise<void>
  readonly receipt: (
    lease: LeaseId,
    until: number,
  ) => {
    receipt: { lease: LeaseId; until: number; extra: ReturnType<typeof tokenAmount> }
    signature: `0x${string}`
  }
  readonly termsOf: (lease: LeaseId) => Terms
  readonly balanceOf: (account: 'host' | 'tenant') => Promise<bigint>
  /** Ends this life of the host and begins the next one on the same records. */
  readonly restartHost: () => Promise<void>
  /** Takes the newest blocks back; their transactions wait again. */
  readonly reorganise: (depth: number) => void
  readonly until: (holds: () => boolean | Promise<boolean>, what: string) => Promise<void>
  readonly signal: AbortSignal
  readonly close: () => Promise<void>
}

const hostOptions = (account: Signer, more: Partial<HostOptions>): HostOptions => ({
  ...hostDefaults,
  account: account.address,
  settlement: { claimEverySeconds: 21_600, claimAbove: tokenAmount(1_000_000_000n) },
  keepOutputMs: 1_000,
  ...more,
})

export const createRig = async (
  adapters: RigAdapters,
  more: Partial<HostOptions> = {},
  seed: number | string = 'host rig',
): Promise<Rig> => {
  const { clock } = adapters
  const over = new AbortController()
  const { signal } = over
  const random = createSeededRandom(seed)
  const log = createMemoryLog(2000)
  const world = createMemoryLedgerWorld({ clock, instant: true, blockMs: 1000 })
  const internet = createMemoryInternet({ clock, random }, { link: { latencyMs: 1 } })
  const hostSigner = createSeededSigner(random.fork('host'))
  const tenant = createSeededSigner(random.fork('tenant'))
  for (const { address } of [hostSigner, tenant]) {
    world.fund(address, { gasWei: 10n ** 20n, tokens: 10n ** 12n })
  }
  const chainOf = (signer: Signer) => connectMemoryChain(world, signer, { clock, latencyMs: 1 })
  const records = createMemoryRecords()

  const tenantNode = internet.node({ peer: tenant.peerId })
  await tenantNode.start(signal)
  const caller = createCaller({ network: tenantNode, clock })
  const tenantOutbox = createOutbox({
    chain: chainOf(tenant),
    records: createMemoryRecords(),
    clock,
    log,
    signer: tenant,
  })
  await tenantOutbox.start(signal)
  let transactions = 0
  const chainCall = async (call: ChainCall): Promise<void> => {
    transactions += 1
    await tenantOutbox.submit(call, { key: `rig ${transactions}` }, signal)
  }
  const deposit = tokenAmount(10n ** 10n)
  await chainCall({ kind: 'approve', amount: deposit })
  await chainCall({ kind: 'deposit', amount: deposit })

  const startNode = async () => {
    const chain = chainOf(hostSigner)
    const network = internet.node({ peer: hostSigner.peerId })
    const server = createServer({ network, clock, log }, { callsMax: 64, callsPerPeerMax: 64 })
    const follower = createFollower(
      { chain, records, clock, log },
      { accounts: [hostSigner.address] },
    )
    const outbox = createOutbox({ chain, records, clock, log, signer: hostSigner })
    const host = createHost(
      {
        ...adapters,
        chain,
        follower,
        log,
        network,
        outbox,
        records,
        server,
        signer: hostSigner,
      },
      hostOptions(hostSigner, more),
    )
    const parts = [network, follower, outbox, host, server]
    for (const part of parts) await part.start(signal)
    return {
      host,
      stop: async () => {
        for (const part of parts.toReversed()) await part.stop()
      },
    }
  }
  let node = await startNode()
  tenantNode.learn({ peer: hostSigner.peerId, addresses: [`/memory/${hostSigner.peerId}`] })

  const call: Rig['call'] = (route, params, body) =>
    caller.call(hostSigner.peerId, route, params, {
      signal,
      ...(body === undefined ? {} : { body }),
    })
  const deployment = keccakText('rig deployment')
  const known = new Map<LeaseId, Terms>()
  let instances = 0
  const bid: Rig['bid'] = async (requirements = small, instance = '') => {
    const { result } = await call(bidRequest, {
      chainId: world.info.chainId,
      leases: world.info.leases,
      tenant: tenant.address,
      deployment,
      instance: keccakText(`rig instance ${instance}`),
      epoch: 1,
      previous: zeroHash,
      requirements,
      observers: zeroHash as Hash32,
      durationSeconds: 0,
    })
    return result
  }
  return {
    get host() {
      return node.host
    },
    tenant,
    hostSigner,
    log: log.lines,
    records,
    call,
    bid,
    lease: async (seconds, requirements = small) => {
      instances += 1
      const { terms, signature } = await bid(requirements, String(instances))
      const paid = tokenAmount(terms.extraMax + costOf(terms.rate, seconds))
      await chainCall({ kind: 'open', terms, deposit: paid, signature })
      const id = leaseIdOf(terms)
      known.set(id, terms)
      return id
    },
    chainCall,
    receipt: (lease, until) => {
      const receipt = { lease, until, extra: tokenAmount(0n) }
      return { receipt, signature: tenant.sign(receiptDigest(world.info, receipt)) }
    },
    reorganise: (depth) => world.reorganise(depth),
    termsOf: (lease) => {
      const terms = known.get(lease)
      if (terms === undefined) throw new Error(`no lease ${lease}`)
      return terms
    },
    balanceOf: (account) =>
      chainOf(hostSigner).balance((account === 'host' ? hostSigner : tenant).address, signal),
    restartHost: async () => {
      await node.stop()
      node = await startNode()
      // The tenant hears a moment later that its connections are gone.
      await clock.sleep(100, signal)
    },
    until: async (holds, what) => {
      const untilMs = clock.nowMs() + 20_000
      while (!(await holds())) {
        if (clock.nowMs() > untilMs) throw new Error(`never: ${what}`)
        await clock.sleep(20, signal)
      }
    },
    signal,
    close: async () => {
      await node.stop()
      await tenantOutbox.stop()
      await tenantNode.stop()
      internet.close()
      over.abort()
    },
  }
}

export const runSpec = (
  digest: string,
  command: readonly string[],
  more: Partial<RunSpec> = {},
): RunSpec => ({
  image: { reference: 'artel-test/busybox:1', digest, source: 'tenant' },
  command,
  env: [],
  labels: {},
  tty: false,
  openStdin: false,
  stopGraceSeconds: 1,
  inputs: [],
  outputs: [],
  ...more,
})
