import type { PeerId } from '#core/ids'
import { isBonded, type Offer } from '#core/offer'
import type { HostFacts, Listing } from '#core/scheduling/listing'
import type { Listings } from './components.ts'
import { type HostHistory, noHistory } from './host-history.ts'

/** Where offers come from: the peers' index. */
export type OfferSource = {
  readonly all: () => readonly Offer[]
  readonly onChange: (handler: () => void) => () => void
}

/** What this node measured of its peers. */
export type Latencies = {
  readonly of: (peer: PeerId) => number | undefined
  readonly onChange: (handler: () => void) => () => void
}

const listingOf = (offer: Offer, facts: HostFacts): Listing => ({
  host: { address: offer.host, peer: offer.peer, region: offer.place.region },
  chainId: offer.chain.chainId,
  leases: offer.chain.leases,
  expiresAtMs: offer.expiresAtMs,
  resources: offer.resources,
  arch: offer.machine.arch,
  isolation: offer.isolation,
  network: offer.network,
  freeLeases: offer.freeLeases,
  bonded: isBonded(offer),
  facts,
  price: {
    base: Number(offer.price.base),
    perCpu: Number(offer.price.perCpu),
    perMemoryGib: Number(offer.price.perMemoryGib),
    perDiskGib: Number(offer.price.perDiskGib),
    perGpu: Number(offer.price.perGpu),
  },
})

type Components = {
  readonly offers: OfferSource
  readonly history: Pick<HostHistory, 'of' | 'onChange'>
  readonly latencies: Latencies
}

/** Offers with what is known of their hosts, put together again only after something changed. */
export const createListings = ({ offers, history, latencies }: Components): Listings => {
  const handlers = new Set<() => void>()
  let cached: readonly Listing[] | undefined
  const forget = () => {
    cached = undefined
  }
  const leave = [
    latencies.onChange(forget),
    history.onChange(forget),
    offers.onChange(() => {
      forget()
      for (const handler of [...handlers]) handler()
    }),
  ]
  const factsOf = (offer: Offer): HostFacts => {
    const latencyMs = latencies.of(offer.peer)
    const known = history.of(offer.host) ?? noHistory
    return latencyMs === undefined ? known : { ...known, latencyMs }
  }
  return {
    all: () => {
      cached ??= offers.all().map((offer) => listingOf(offer, factsOf(offer)))
      return cached
    },
    onChange: (handler) => {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
    stop: () => {
      for (const off of leave) off()
    },
  }
}
