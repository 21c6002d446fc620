import type { Address, PeerId, Signature } from './ids.ts'
import type { Isolation, NetworkPolicy } from './manifest.ts'
import { type Rate, rate, type TokenAmount } from './money.ts'
import { fits, type Resources } from './resources.ts'

/** What a host sells per second; parts of a processor or GiB cost their share. */
export type OfferPrice = {
  readonly base: Rate
  readonly perCpu: Rate
  readonly perMemoryGib: Rate
  readonly perDiskGib: Rate
  readonly perGpu: Rate
}

/** A host's standing advert. Binding is only the bid that it makes on request. */
export type Offer = {
  readonly version: 1
  /** The account that holds the host's money. */
  readonly host: Address
  /** The node's key, which signs the offer and the bids; allowed by `host` on chain where they differ. */
  readonly operator: Address
  readonly peer: PeerId
  readonly addresses: readonly string[]
  /** Grows with every offer of this operator; the newest counts. */
  readonly sequence: number
  readonly expiresAtMs: number
  /** What is free to lease. */
  readonly resources: Resources
  readonly machine: {
    /** As in image platforms: `amd64`, `arm64`. */
    readonly arch: string
    readonly os: string
    readonly cpuModel: string
    /** Relative speed of one processor, as the host measured it. */
    readonly cpuScore: number
    readonly gpus: readonly { readonly name: string; readonly memoryBytes: number }[]
  }
  readonly place: { readonly region: string }
  readonly isolation: readonly Isolation[]
  readonly network: readonly NetworkPolicy[]
  readonly price: OfferPrice
  readonly terms: {
    /** What the host stakes on a lease, at most; 0 = unbonded. */
    readonly bondMax: TokenAmount
    readonly quitFee: TokenAmount
    readonly minimumSeconds: number
    readonly leaseSecondsMax: number
  }
  readonly chain: { readonly chainId: number; readonly leases: Address }
  /** How many more leases the host takes. */
  readonly freeLeases: number
  readonly features: readonly string[]
}

export type SignedOffer = { readonly offer: Offer; readonly signature: Signature }

/** An offer that is valid for longer than this is refused: a host that left must be forgotten. */
const offerLifetimeMsMax = 48 * 3_600_000

const gib = 1024n ** 3n
const scale = 1000n * gib

/** What `resources` cost at the offer's prices, rounded up once. */
export const priceOf = ({ price }: Pick<Offer, 'price'>, resources: Resources): Rate => {
  const scaled =
    (price.base + price.perGpu * BigInt(resources.gpus)) * scale +
    price.perCpu * BigInt(resources.cpuMilli) * gib +
    (price.perMemoryGib * BigInt(resources.memoryBytes) +
      price.perDiskGib * BigInt(resources.diskBytes)) *
      1000n
  return rate((scaled + scale - 1n) / scale)
}

export const isBonded = ({ terms }: Pick<Offer, 'terms'>): boolean => terms.bondMax > 0n

/** Why an offer cannot count at `nowMs`, or undefined when it can. */
export const staleness = (
  { expiresAtMs }: Pick<Offer, 'expiresAtMs'>,
  nowMs: number,
): 'expired' | 'too-long' | undefined => {
  if (expiresAtMs <= nowMs) return 'expired'
  return expiresAtMs > nowMs + offerLifetimeMsMax ? 'too-long' : undefined
}

/** What a tenant looks for; absent or empty = anything. */
export type OfferFilter = {
  readonly chainId: number
  readonly leases: Address
  readonly regions: readonly string[]
  readonly archs: readonly string[]
  readonly resources: Resources
  readonly isolation?: Isolation
  readonly network?: NetworkPolicy
  readonly rateMax?: Rate
  readonly features: readonly string[]
}

const allows = <T>(wanted: readonly T[], value: T): boolean =>
  wanted.length === 0 || wanted.includes(value)

/** Whether the offer is what the filter looks for, by what the offer itself says. */
export const meets = (offer: Offer, filter: OfferFilter): boolean =>
  offer.chain.chainId === filter.chainId &&
  offer.chain.leases === filter.leases &&
  offer.freeLeases > 0 &&
  allows(filter.regions, offer.place.region) &&
  allows(filter.archs, offer.machine.arch) &&
  (filter.isolation === undefined || offer.isolation.includes(filter.isolation)) &&
  (filter.network === undefined || offer.network.includes(filter.network)) &&
  filter.features.every((feature) => offer.features.includes(feature)) &&
  fits(filter.resources, offer.resources) &&
  (filter.rateMax === undefined || priceOf(offer, filter.resources) <= filter.rateMax)
