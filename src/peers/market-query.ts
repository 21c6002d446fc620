import { toArtelError } from '#core/errors'
import type { Address, PeerId } from '#core/ids'
import type { OfferFilter, SignedOffer } from '#core/offer'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import type { Network } from '#ports/network'
import type { Random } from '#ports/random'
import { encodeOffer } from '#protocol/offer'
import { marketPageMax, marketQuery } from '#protocol/peer/market-routes'
import type { Caller } from './caller.ts'
import type { OfferIndex, OfferOutcome } from './offer-index.ts'
import type { Server } from './server.ts'

/** Bytes of offers on one page, below the route's limit. */
const pageBytesMax = 512 * 1024

const fitting = (offers: readonly SignedOffer[]): readonly SignedOffer[] => {
  let bytes = 0
  const end = offers.findIndex((offer) => {
    bytes += encodeOffer(offer).length
    return bytes > pageBytesMax
  })
  return end === -1 ? offers : offers.slice(0, end)
}

/** Answers `market.query` from the index until the returned function is called. */
export const answerMarket = ({
  server,
  index,
}: {
  readonly server: Server
  readonly index: OfferIndex
}): (() => void) =>
  server.handle(marketQuery, async ({ params: { filter, after, limit } }) => {
    const page = index.query(filter, after, limit)
    const offers = fitting(page.offers)
    const next = offers.length < page.offers.length ? offers.at(-1)?.offer.operator : page.next
    return { result: { offers: [...offers], ...(next === undefined ? {} : { next }) } }
  })

export type MarketComponents = {
  readonly caller: Caller
  readonly network: Pick<Network, 'connected'>
  readonly clock: Clock
  readonly random: Random
  readonly index: OfferIndex
  readonly log: Log
}

export type MarketOptions = {
  /** Neighbours asked, drawn by chance; more than one, so that no single one hides offers. */
  readonly neighboursMax: number
  readonly pagesMax: number
  /** Signatures checked, at about two milliseconds each. */
  readonly checksMax: number
}

export const defaultMarketOptions: MarketOptions = {
  neighboursMax: 4,
  pagesMax: 20,
  checksMax: 1000,
}

export type MarketAnswer = {
  /** Neighbours that answered. */
  readonly answered: number
  /** Offers that they knew, each operator counted once. */
  readonly found: number
  /** Offers that are new in the index. */
  readonly added: number
}

/** `size` of `all`, drawn by chance. */
const draw = <T>(all: readonly T[], size: number, random: Random): readonly T[] => {
  const left = [...all]
  const drawn: T[] = []
  while (left.length > 0 && drawn.length < size) {
    drawn.push(...left.splice(random.integer(left.length), 1))
  }
  return drawn
}

/** All pages of one neighbour; what came before a failure counts. */
const askNeighbour = async (
  { caller, log }: MarketComponents,
  peer: PeerId,
  filter: OfferFilter,
  pagesMax: number,
  signal: AbortSignal,
): Promise<{ readonly offers: readonly SignedOffer[]; readonly answered: boolean }> => {
  const offers: SignedOffer[] = []
  let after: Address | undefined
  let pages = 0
  try {
    do {
      const params = { filter, limit: marketPageMax, ...(after === undefined ? {} : { after }) }
      const { result } = await caller.call(peer, marketQuery, params, { signal })
      offers.push(...result.offers)
      // a page that does not go forward would go on for ever
      if (result.next !== undefined && result.next <= (after ?? '')) break
      after = result.next
      pages += 1
    } while (after !== undefined && pages < pagesMax)
  } catch (error) {
    if (signal.aborted) throw error
    log.debug('a neighbour gave no offers', { peer, reason: toArtelError(error).message })
  }
  return { offers, answered: pages > 0 }
}

/** Each operator's newest offer, and who brought it. */
const unite = (
  answers: readonly { readonly peer: PeerId; readonly offers: readonly SignedOffer[] }[],
) => {
  const newest = new Map<Address, { readonly signed: SignedOffer; readonly from: PeerId }>()
  for (const { peer, offers } of answers) {
    for (const signed of offers) {
      const { operator, sequence } = signed.offer
      const known = newest.get(operator)
      if (known === undefined || known.signed.offer.sequence < sequence) {
        newest.set(operator, { signed, from: peer })
      }
    }
  }
  return [...newest.values()]
}

/**
 * Asks some neighbours for offers that meet `filter`, unites what they know and brings it into the index,
 * which checks signatures. Neighbours that fail are left out; throws only when `signal` aborts.
 */
export const askMarket = async (
  components: MarketComponents,
  filter: OfferFilter,
  signal: AbortSignal,
  options: MarketOptions = defaultMarketOptions,
): Promise<MarketAnswer> => {
  const { network, clock, random, index } = components
  const neighbours = draw(network.connected(), options.neighboursMax, random)
  const answers = await Promise.all(
    neighbours.map(async (peer) => ({
      peer,
      ...(await askNeighbour(components, peer, filter, options.pagesMax, signal)),
    })),
  )
  const united = unite(answers)
  const outcomes: OfferOutcome[] = []
  for (const { signed, from } of united.slice(0, options.checksMax)) {
    outcomes.push(index.add(signed, from, { solicited: true }))
    // checking is slow: let others run in between
    if (outcomes.length % 16 === 0) await clock.sleep(0, signal)
  }
  return {
    answered: answers.filter(({ answered }) => answered).length,
    found: united.length,
    added: outcomes.filter((outcome) => outcome === 'added').length,
  }
}
