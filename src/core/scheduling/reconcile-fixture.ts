import type { DeploymentState, Desired, LeaseDeal } from '#core/deployment'
import type { DeploymentEvent } from '#core/deployment-event'
import { beginDeployment, foldDeployment } from '#core/deployment-fold'
import { type Address, type Hash32, type PeerId, zeroHash } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import { rate, tokenAmount } from '#core/money'
import type { Plan } from './action.ts'
import type { Listing } from './listing.ts'
import { defaultPolicy } from './policy.ts'
import type { Ranked } from './rank.ts'
import { reconcile } from './reconcile.ts'
import type { Liveness, Observed } from './situation.ts'

export const hash = (digit: string) => `0x${digit.repeat(64)}` as Hash32
export const account = (digit: string) => `0x${digit.repeat(40)}` as Address
export const startMs = 1_700_000_000_000

export const desired = (change: Partial<Desired['service']> = {}, keepSeconds = 0): Desired => ({
  deployment: hash('d'),
  instance: hash('1'),
  arch: 'amd64',
  keepSeconds,
  holdOutput: true,
  service: {
    requirements: {
      version: 1,
      resources: { cpuMilli: 1000, memoryBytes: 1, diskBytes: 1, gpus: 0 },
      isolation: 'container',
      network: 'egress',
    },
    run: {
      image: { reference: 'x', digest: `sha256:${'0'.repeat(64)}`, source: 'registry' },
      env: [],
      labels: {},
      tty: false,
      openStdin: false,
      stopGraceSeconds: 10,
      inputs: [],
      outputs: [],
    },
    instances: 1,
    restart: 'on-failure-of-host',
    wishes: { regions: [], hosts: [] },
    ...change,
  },
})

export const deal = (epoch: number, digit: string): LeaseDeal => ({
  id: hash(digit),
  signature: '0x',
  deposit: tokenAmount(3600n),
  host: { address: account(digit), peer: `peer${digit}` as PeerId, region: 'eu' },
  terms: {
    tenant: account('a'),
    host: account(digit),
    signer: account('a'),
    deployment: hash('d'),
    instance: hash('1'),
    epoch,
    previous: zeroHash,
    manifest: zeroHash,
    observers: zeroHash,
    rate: rate(1_000_000_000n),
    extraMax: tokenAmount(0n),
    bond: tokenAmount(0n),
    quitFee: tokenAmount(0n),
    reportFee: tokenAmount(0n),
    committed: 0,
    bidExpiry: 0,
    minimum: 1,
    silence: 60,
    window: 3600,
    answerIn: 7200,
  },
})

export const candidate = (digit: string): Ranked => ({
  score: 1,
  rate: 1,
  bytesToMove: 0,
  listing: { host: deal(1, digit).host } as Listing,
})

export const stateOf = (
  events: readonly DeploymentEvent[],
  wanted: Desired = desired(),
): DeploymentState =>
  events.reduce(
    foldDeployment,
    beginDeployment({ kind: 'created', atMs: startMs, desired: wanted }),
  )

export const recordOf = (one: LeaseDeal, change: Partial<LeaseRecord> = {}): LeaseRecord => ({
  id: one.id,
  terms: one.terms,
  status: 'running',
  opened: startMs / 1000,
  deposit: one.deposit,
  bondLeft: tokenAmount(0n),
  ack: startMs / 1000,
  extra: tokenAmount(0n),
  quit: false,
  ...change,
})

export const heard = (atMs: number, change: Partial<Liveness> = {}): Liveness => ({
  heardAtMs: atMs,
  dead: false,
  receiptUntilSeconds: 0,
  ...change,
})

export const plan = (
  state: DeploymentState,
  change: Partial<Observed> & { nowMs?: number; hosts?: readonly string[] } = {},
): Plan => {
  const { nowMs = startMs + 1000, hosts = ['b', 'c', 'e'], ...observed } = change
  return reconcile({
    observed: {
      state,
      chain: new Map(),
      live: new Map(),
      inputReplayable: true,
      outputComplete: true,
      ...observed,
    },
    market: {
      candidates: (avoid) =>
        hosts.filter((digit) => !avoid.has(account(digit))).map((digit) => candidate(digit)),
    },
    nowMs,
    policy: defaultPolicy,
  })
}

export const kinds = ({ actions }: Plan) =>
  actions.map((action) => (action.kind === 'record' ? action.event.kind : action.kind))

export const first = deal(1, 'b')
export const at = { atMs: startMs }
export const opened: readonly DeploymentEvent[] = [
  { kind: 'opening', ...at, deal: first },
  { kind: 'opened', ...at, lease: first.id },
]
export const running: readonly DeploymentEvent[] = [
  ...opened,
  { kind: 'run-started', ...at, lease: first.id, startedAtMs: startMs },
]
export const exited: readonly DeploymentEvent[] = [
  ...running,
  { kind: 'run-exited', ...at, lease: first.id, exit: { exitCode: 3, finishedAtMs: startMs } },
]
