import { ArtelError } from '#core/errors'
import { type Address, zeroAddress } from '#core/ids'
import type { Blobs } from '#ports/blobs'
import type { ChainInfo } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import type { Random } from '#ports/random'
import type { Records } from '#ports/records'
import type { Signer } from '#ports/signer'
import type { Spools } from '#ports/spools'
import { type RunCreateInput, type RunView, runCreateSchema } from '#protocol/api/runs'
import { createTenant } from '#tenant/tenant'
import { createFakeCaller, createFakeHost, type FakeHost } from './fake-host.ts'
import { createFakeLedger, type FakeLedger } from './fake-ledger.ts'

/** What a test lends the world: memory adapters, and time that it moves itself. */
export type Memory = {
  readonly clock: Clock & {
    readonly idle: () => Promise<void>
    readonly advance: (ms: number) => Promise<void>
    readonly runUntil: (until: () => boolean, limitMs: number) => Promise<boolean>
    readonly waits: () => number
  }
  readonly random: Random
  readonly signerOf: (name: string) => Signer
  readonly log: Log & { readonly lines: () => readonly unknown[] }
  readonly records: Records
  readonly spools: Spools
  readonly blobs: Blobs
}

const account = (digit: string): Address => zeroAddress.replace(/0$/, digit) as Address

const info: ChainInfo = {
  chainId: 31337,
  leases: account('1'),
  hosts: account('2'),
  token: account('3'),
  tokenInfo: { symbol: 'ART', decimals: 6 },
}

export const image = `debian@sha256:${'a'.repeat(64)}`
export const never = new AbortController().signal

export type Tenant = ReturnType<typeof createTenant>

/** A tenant, some scripted hosts and the contract's rules, on a clock that the test moves. */
export type World = {
  readonly clock: Memory['clock']
  readonly ledger: FakeLedger
  readonly hosts: readonly FakeHost[]
  readonly blobs: Blobs
  readonly account: Address
  /** The hosts' offers have changed. */
  readonly tellOffers: () => void
  /** One life of the tenant's node; the records outlive it. */
  readonly live: () => Tenant
  /** Moves time until `holds`; throws with the log's end when it does not within the limit. */
  readonly until: (what: string, holds: () => boolean, limitMs?: number) => Promise<void>
  /** Moves time until every lease is settled. */
  readonly settled: () => Promise<void>
}

export const makeWorld = (memory: Memory, hostCount = 2): World => {
  const { clock, signerOf } = memory
  const signer = signerOf('tenant')
  const ledger = createFakeLedger(clock, info, signer.address)
  ledger.fund(signer.address, 1_000_000_000n)
  const hosts = Array.from({ length: hostCount }, (_, index) =>
    createFakeHost(clock, info, signerOf(`host ${index}`)),
  )
  const listeners = new Set<() => void>()
  const offers = {
    all: () => hosts.map((host) => host.offer()),
    onChange: (handler: () => void) => {
      listeners.add(handler)
      return () => void listeners.delete(handler)
    },
  }
  const { outbox, follower, chain } = ledger
  const caller = createFakeCaller(hosts)
  const refreshMarket = async () => undefined
  const until: World['until'] = async (what, holds, limitMs = 600_000) => {
    if (await clock.runUntil(holds, clock.nowMs() + limitMs)) return
    const end = memory.log.lines().slice(-2)
    throw new ArtelError('timeout', `${what}: never; ${JSON.stringify(end)}`)
  }
  return {
    clock,
    ledger,
    hosts,
    blobs: memory.blobs,
    account: signer.address,
    tellOffers: () => {
      for (const listener of listeners) listener()
    },
    live: () =>
      createTenant({ ...memory, signer, chain, outbox, follower, caller, offers, refreshMarket }),
    until,
    settled: () =>
      until('all leases settled', () =>
        follower.leases().every(({ status }) => status === 'settled'),
      ),
  }
}

export const createRun = (tenant: Tenant, change: Partial<RunCreateInput> = {}): Promise<RunView> =>
  tenant.runs.create(runCreateSchema.parse({ image, command: ['true'], ...change }), never)

export const untilExited = async (world: World, tenant: Tenant, name: string): Promise<RunView> => {
  await world.until(`run ${name} ends`, () => tenant.runs.get(name).status === 'exited')
  return tenant.runs.get(name)
}

export const logText = async (tenant: Tenant, name: string, query = {}): Promise<string> => {
  let text = ''
  for await (const frame of tenant.runs.logs(name, { follow: false, ...query }, never)) {
    text += new TextDecoder().decode(frame.bytes)
  }
  return text
}

/** The code of the error that `work` throws. */
export const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'none'
  } catch (error) {
    if (error instanceof ArtelError) return error.code
    throw error
  }
}
