import { type Address, parseAddress } from '../../src/core/ids.ts'
import { rate, tokenAmount } from '../../src/core/money.ts'
import type { Offer, OfferFilter } from '../../src/core/offer.ts'
import { noResources } from '../../src/core/resources.ts'
import type { Signer } from '../../src/ports/signer.ts'

export const testContract = (): Address => {
  const address = parseAddress(`0x${'11'.repeat(20)}`)
  if (address === undefined) throw new Error('no address')
  return address
}

/** A plausible offer of the signer's node, which holds its own money. */
export const testOffer = (signer: Signer, change: Partial<Offer> = {}): Offer => ({
  version: 1,
  host: signer.address,
  operator: signer.address,
  peer: signer.peerId,
  addresses: ['/ip4/127.0.0.1/tcp/4101'],
  sequence: 1,
  expiresAtMs: 1_700_000_000_000 + 24 * 3_600_000,
  resources: { cpuMilli: 4000, memoryBytes: 2 ** 33, diskBytes: 2 ** 36, gpus: 0 },
  machine: { arch: 'amd64', os: 'linux', cpuModel: 'test', cpuScore: 1000, gpus: [] },
  place: { region: 'local' },
  isolation: ['container'],
  network: ['egress', 'none'],
  price: {
    base: rate(10n),
    perCpu: rate(100n),
    perMemoryGib: rate(50n),
    perDiskGib: rate(1n),
    perGpu: rate(1000n),
  },
  terms: {
    bondMax: tokenAmount(0n),
    quitFee: tokenAmount(0n),
    minimumSeconds: 1,
    leaseSecondsMax: 3600,
  },
  chain: { chainId: 31_337, leases: testContract() },
  freeLeases: 4,
  features: [],
  ...change,
})

/** Looks for anything on the test chain. */
export const testFilter = (change: Partial<OfferFilter> = {}): OfferFilter => ({
  chainId: 31_337,
  leases: testContract(),
  regions: [],
  archs: [],
  resources: noResources,
  features: [],
  ...change,
})
