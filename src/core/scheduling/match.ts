import type { Address } from '#core/ids'
import type { Requirements } from '#core/manifest'
import { formatHourlyPrice, type Rate } from '#core/money'
import { formatBytes, formatCpus } from '#core/resources'
import { type Listing, listedRate } from './listing.ts'

/** What an instance asks of a host. */
export type MatchRequest = {
  readonly requirements: Requirements
  /** Architectures that the image exists for. */
  readonly archs: readonly string[]
  readonly rateMax?: Rate
  /** Empty = anywhere. */
  readonly regions: readonly string[]
  /** Addresses or peer ids, or beginnings of them; empty = any. */
  readonly hosts: readonly string[]
  readonly chainId: number
  readonly leases: Address
  /** The tenant's own node, which cannot rent from itself. */
  readonly self: string
  /** Hosts that failed lately. */
  readonly avoid: ReadonlySet<string>
  readonly nowMs: number
  /** For the words about prices. */
  readonly tokenDecimals: number
}

export type Candidate = { readonly listing: Listing; readonly rate: number }

/** Offers that fit, and at the same places what they cost: columns, because a market may hold 100,000. */
export type Candidates = { readonly listings: readonly Listing[]; readonly rates: Float64Array }

/** How many offers one constraint left out, in words for a person. */
export type Exclusion = { readonly constraint: string; readonly count: number }

export type Matched = {
  readonly candidates: Candidates
  /** Each offer is counted once, under the first constraint that it fails; most frequent first. */
  readonly excluded: readonly Exclusion[]
}

/** In the order in which a person would check them; the price last, because it can be negotiated. */
const constraintKinds = [
  'chain',
  'expired',
  'self',
  'hosts',
  'regions',
  'arch',
  'isolation',
  'network',
  'cpu',
  'memory',
  'disk',
  'gpus',
  'leases',
  'avoid',
  'price',
] as const
type ConstraintKind = (typeof constraintKinds)[number]

/** In the words of an exclusion: the host serves as many leases as it will. */
export const noFreeLease = 'no free lease'

const wordsOf = (kind: ConstraintKind, request: MatchRequest): string => {
  const { requirements, rateMax, tokenDecimals } = request
  const { resources } = requirements
  const words: Record<ConstraintKind, string> = {
    chain: 'other chain',
    expired: 'expired',
    self: 'this node itself',
    hosts: `host ${request.hosts.join(' or ')}`,
    regions: `region ${request.regions.join(' or ')}`,
    arch: `platform ${request.archs.join(' or ')}`,
    isolation: `isolation ${requirements.isolation}`,
    network: `network ${requirements.network}`,
    cpu: `cpus ${formatCpus(resources.cpuMilli)}`,
    memory: `memory ${formatBytes(resources.memoryBytes)}`,
    disk: `disk ${formatBytes(resources.diskBytes)}`,
    gpus: `gpus ${resources.gpus}`,
    leases: noFreeLease,
    avoid: 'failed lately',
    price:
      rateMax === undefined ? '' : `price above ${formatHourlyPrice(rateMax, tokenDecimals)}/h`,
  }
  return words[kind]
}

const isWished = ({ host }: Listing, wishes: readonly string[]): boolean =>
  wishes.some((wish) => host.address.startsWith(wish.toLowerCase()) || host.peer.startsWith(wish))

/** One plain chain of comparisons: a list of closures took three times as long over 100,000 offers. */
const firstFailed = (
  listing: Listing,
  request: MatchRequest,
  rate: number,
  rateMax: number,
): ConstraintKind | undefined => {
  const { requirements } = request
  const wanted = requirements.resources
  const free = listing.resources
  if (listing.chainId !== request.chainId || listing.leases !== request.leases) return 'chain'
  if (listing.expiresAtMs <= request.nowMs) return 'expired'
  if (listing.host.peer === request.self) return 'self'
  if (request.hosts.length > 0 && !isWished(listing, request.hosts)) return 'hosts'
  if (request.regions.length > 0 && !request.regions.includes(listing.host.region)) {
    return 'regions'
  }
  if (!request.archs.includes(listing.arch)) return 'arch'
  if (!listing.isolation.includes(requirements.isolation)) return 'isolation'
  if (!listing.network.includes(requirements.network)) return 'network'
  if (free.cpuMilli < wanted.cpuMilli) return 'cpu'
  if (free.memoryBytes < wanted.memoryBytes) return 'memory'
  if (free.diskBytes < wanted.diskBytes) return 'disk'
  if (free.gpus < wanted.gpus) return 'gpus'
  if (listing.freeLeases < 1) return 'leases'
  if (request.avoid.size > 0 && request.avoid.has(listing.host.address)) return 'avoid'
  return rate > rateMax ? 'price' : undefined
}

/** Which offers meet every constraint, and how many failed which first. */
export const match = (listings: readonly Listing[], request: MatchRequest): Matched => {
  const counts = new Map<ConstraintKind, number>()
  const fitting: Listing[] = []
  const rates = new Float64Array(listings.length)
  const { resources } = request.requirements
  const rateMax = Number(request.rateMax ?? Number.POSITIVE_INFINITY)
  for (const listing of listings) {
    const rate = listedRate(listing, resources)
    const failed = firstFailed(listing, request, rate, rateMax)
    if (failed === undefined) rates[fitting.push(listing) - 1] = rate
    else counts.set(failed, (counts.get(failed) ?? 0) + 1)
  }
  const excluded = constraintKinds
    .map((kind) => ({ constraint: wordsOf(kind, request), count: counts.get(kind) ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.constraint < b.constraint ? -1 : 1))
  const candidates = { listings: fitting, rates: rates.subarray(0, fitting.length) }
  return { candidates, excluded }
}
