import { type Offer, priceOf } from '#core/offer'
import { reliabilityOf } from '#core/scheduling/rank'
import type { ChainInfo } from '#ports/chain'
import type { OfferView } from '#protocol/api/node'
import type { History, HostHistory } from './host-history.ts'
import type { LatencyProbe } from './latencies.ts'
import type { OfferSource } from './listings.ts'

const gib = 1024 ** 3
const unit = { cpuMilli: 1000, memoryBytes: gib, diskBytes: 0, gpus: 0 }
const measureWithinMs = 800
const viewsMax = 10_000

type Components = {
  readonly offers: OfferSource
  readonly latencies: LatencyProbe
  readonly history: Pick<HostHistory, 'of'>
  readonly chain: { readonly info: ChainInfo }
}

export type Market = {
  /** What is for sale on this chain, cheapest first. */
  readonly offers: (signal: AbortSignal) => Promise<readonly OfferView[]>
}

export const createMarket = (components: Components): Market => {
  const { offers, latencies, history, chain } = components
  return {
    offers: async (signal) => {
      const { chainId, leases } = chain.info
      const here = offers
        .all()
        .filter((offer) => offer.chain.chainId === chainId && offer.chain.leases === leases)
        .slice(0, viewsMax)
      await latencies.measure(
        here.map((offer) => offer.peer),
        measureWithinMs,
        signal,
      )
      return here
        .map((offer) => viewOf(offer, latencies, history.of(offer.host)))
        .sort((a, b) =>
          a.rate === b.rate ? (a.host.address < b.host.address ? -1 : 1) : a.rate < b.rate ? -1 : 1,
        )
    },
  }
}

const viewOf = (offer: Offer, latencies: LatencyProbe, history: History | undefined): OfferView => {
  const latencyMs = latencies.of(offer.peer)
  const settled = (history?.settled ?? 0) + (history?.ownSettled ?? 0)
  const failed = (history?.failed ?? 0) + (history?.ownFailed ?? 0)
  return {
    host: { address: offer.host, peer: offer.peer, region: offer.place.region },
    sequence: offer.sequence,
    expiresAtMs: offer.expiresAtMs,
    resources: offer.resources,
    arch: offer.machine.arch,
    cpuModel: offer.machine.cpuModel,
    cpuScore: offer.machine.cpuScore,
    gpus: [...offer.machine.gpus],
    isolation: [...offer.isolation],
    network: [...offer.network],
    rate: priceOf(offer, unit),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    leases: {
      settled,
      failed,
      ...(history === undefined ? {} : { reliability: reliabilityOf(history) }),
    },
    freeLeases: offer.freeLeases,
  }
}
