import type { HostFacts, Listing } from './listing.ts'
import type { Candidate, Candidates } from './match.ts'

export type RankFacts = {
  /** What must move to a host that does not hold it. */
  readonly imageBytes: number
  /** Addresses of hosts that are known to hold the image. */
  readonly holders: ReadonlySet<string>
}

export type Ranked = Candidate & {
  /** Lower is better: price in multiples of the mean, plus penalties. */
  readonly score: number
  readonly bytesToMove: number
}

const weights = {
  /** Per second of round trip. */
  latency: 2,
  /** Per minute of moving bytes. */
  moving: 0.5,
  unreliability: 6,
  /** More than all else together: an unbonded host comes after every bonded one. */
  unbonded: 1_000,
  own: 4,
} as const

const unknownLatencyMs = 150
const latencyMsMax = 2_000
const assumedBytesPerSecond = 12_500_000
const movingMinutesMax = 60
const priceMultipleMax = 100

/** 0..1, the share of leases that go well, from 4 of 5 for an unknown host. */
export const reliabilityOf = (facts: HostFacts): number => {
  const good = facts.settled + weights.own * facts.ownSettled
  const bad = facts.failed + weights.own * facts.ownFailed
  return (good + 4) / (good + bad + 5)
}

const bytesToMove = (listing: Listing, { holders, imageBytes }: RankFacts): number =>
  holders.size > 0 && holders.has(listing.host.address) ? 0 : imageBytes

const scoreOf = (listing: Listing, rate: number, facts: RankFacts, meanRate: number): number => {
  const known = listing.facts
  const price = meanRate === 0 ? 0 : Math.min(priceMultipleMax, rate / meanRate)
  const latencyMs = Math.min(latencyMsMax, known.latencyMs ?? unknownLatencyMs)
  const speed = known.bytesPerSecond ?? assumedBytesPerSecond
  const minutes = Math.min(movingMinutesMax, bytesToMove(listing, facts) / speed / 60)
  return (
    price +
    (weights.latency * latencyMs) / 1000 +
    weights.moving * minutes +
    weights.unreliability * (1 - reliabilityOf(known)) +
    (listing.bonded ? 0 : weights.unbonded)
  )
}

const meanOf = (rates: Float64Array): number => {
  let sum = 0
  for (const rate of rates) sum += rate
  return rates.length === 0 ? 0 : sum / rates.length
}

/**
 * The best `countMax` candidates, best first, each with its score; ties break by address, so that the same
 * facts always give the same order.
 */
export const rank = (
  { listings, rates }: Candidates,
  facts: RankFacts,
  countMax = 64,
): readonly Ranked[] => {
  const mean = meanOf(rates)
  const best = createBest(countMax)
  let index = 0
  for (const listing of listings) {
    const rate = rates[index] ?? 0
    index += 1
    best.offer(listing, rate, scoreOf(listing, rate, facts, mean))
  }
  return best
    .sorted()
    .map((scored) => ({ ...scored, bytesToMove: bytesToMove(scored.listing, facts) }))
}

type Scored = Candidate & { readonly score: number }

const compare = (a: Scored, b: Scored): number =>
  a.score - b.score || (a.listing.host.address < b.listing.host.address ? -1 : 1)

/** Keeps the `countMax` best of a stream: what cannot be among them costs one comparison. */
const createBest = (countMax: number) => {
  let held: Scored[] = []
  let worst = Number.POSITIVE_INFINITY
  const cut = () => {
    held.sort(compare)
    held = held.slice(0, countMax)
    worst = held.length < countMax ? Number.POSITIVE_INFINITY : (held.at(-1)?.score ?? worst)
  }
  return {
    offer: (listing: Listing, rate: number, score: number): void => {
      if (score > worst) return
      held.push({ listing, rate, score })
      if (held.length >= countMax * 4) cut()
    },
    sorted: (): readonly Scored[] => {
      cut()
      return held
    },
  }
}
