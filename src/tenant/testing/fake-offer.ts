import { noTokens, rate } from '#core/money'
import type { Offer } from '#core/offer'
import type { Terms } from '#core/terms'
import type { ChainInfo } from '#ports/chain'
import { type Clock, nowSeconds } from '#ports/clock'
import type { Signer } from '#ports/signer'
import { requirementsHash } from '#protocol/canonical'
import type { bidRequest } from '#protocol/peer/host-routes'
import type { ParamsOf } from '#protocol/peer/route'

const gib = 1024 ** 3
const none = rate(0n)
/** One base unit per second: 0.0036 tokens per hour. */
const unitPerSecond = rate(1_000_000_000n)

/** What a fake host sells: always the same, at one base unit per second. */
export const offerOf = (clock: Clock, info: ChainInfo, signer: Signer): Offer => ({
  version: 1,
  host: signer.address,
  operator: signer.address,
  peer: signer.peerId,
  addresses: [],
  sequence: 1,
  expiresAtMs: clock.nowMs() + 3_600_000,
  resources: { cpuMilli: 8000, memoryBytes: 16 * gib, diskBytes: 100 * gib, gpus: 0 },
  machine: { arch: 'amd64', os: 'linux', cpuModel: 'fake', cpuScore: 1, gpus: [] },
  place: { region: 'eu' },
  isolation: ['container'],
  network: ['egress', 'none'],
  price: { base: unitPerSecond, perCpu: none, perMemoryGib: none, perDiskGib: none, perGpu: none },
  terms: { bondMax: noTokens, quitFee: noTokens, minimumSeconds: 1, leaseSecondsMax: 86_400 },
  chain: { chainId: info.chainId, leases: info.leases },
  freeLeases: 4,
  features: [],
})

/** The bid that answers a request as it was asked. */
export const termsFor = (
  clock: Clock,
  host: Signer,
  params: ParamsOf<typeof bidRequest>,
): Terms => ({
  tenant: params.tenant,
  host: host.address,
  signer: params.tenant,
  deployment: params.deployment,
  instance: params.instance,
  epoch: params.epoch,
  previous: params.previous,
  manifest: requirementsHash(params.requirements),
  observers: params.observers,
  rate: unitPerSecond,
  extraMax: noTokens,
  bond: noTokens,
  quitFee: noTokens,
  reportFee: noTokens,
  committed: nowSeconds(clock) + 3600,
  bidExpiry: nowSeconds(clock) + 30,
  minimum: 1,
  silence: 60,
  window: 3600,
  answerIn: 7200,
})
