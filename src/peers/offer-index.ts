import type { Address, PeerId } from '#core/ids'
import { meets, type Offer, type OfferFilter, type SignedOffer, staleness } from '#core/offer'
import type { Clock } from '#ports/clock'
import { isGenuineOffer } from '#protocol/offer'
import { createAllowance } from './allowance.ts'

export type OfferIndexOptions = {
  /** Offers kept; beyond it the unbacked one that came first makes room, then the backed one. */
  readonly offersMax: number
  /** Unbacked offers that one neighbour may bring in a minute. */
  readonly unbackedPerMinuteMax: number
  /** The same of all neighbours together: new peer ids cost nothing. */
  readonly unbackedPerMinuteMaxAll: number
  /** Whether the chain shows a balance behind the host's bond; without it every offer counts as unbacked. */
  readonly isBacked?: (offer: Offer) => boolean
}

export const defaultIndexOptions: OfferIndexOptions = {
  offersMax: 100_000,
  unbackedPerMinuteMax: 60,
  unbackedPerMinuteMaxAll: 600,
}

/** What became of an offer that was brought to the index. */
export type OfferOutcome = 'added' | 'known' | 'expired' | 'too-long' | 'limited' | 'forged'

export type OfferPage = {
  readonly offers: readonly SignedOffer[]
  /** The operator after whom to go on, or undefined when there are no more. */
  readonly next: Address | undefined
}

/** The newest live offer of every operator, all signatures checked. */
export type OfferIndex = {
  /** Takes an offer that `from` brought; one that was asked for is not rate-limited. */
  readonly add: (
    signed: SignedOffer,
    from: PeerId,
    how?: { readonly solicited: boolean },
  ) => OfferOutcome
  readonly get: (operator: Address) => SignedOffer | undefined
  /** Live offers in operator order, at most `limit` of them after operator `after`. */
  readonly query: (
    filter: OfferFilter | undefined,
    after: Address | undefined,
    limit: number,
  ) => OfferPage
  readonly all: () => readonly Offer[]
  readonly size: () => number
  /** Forgets what has expired; `add` and `query` never give it out, this frees the memory. */
  readonly prune: () => void
  /** Calls `handler` after offers came or went, until the returned function is called. */
  readonly onChange: (handler: () => void) => () => void
}

/** The place in `order` of the first operator after `after`. */
const firstAfter = (order: readonly Address[], after: Address | undefined): number => {
  let low = 0
  let high = after === undefined ? 0 : order.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((order[middle] ?? '') <= (after ?? '')) low = middle + 1
    else high = middle
  }
  return low
}

export const createOfferIndex = (
  { clock }: { readonly clock: Clock },
  options: OfferIndexOptions = defaultIndexOptions,
): OfferIndex => {
  // two maps, so that the oldest unbacked offer is found at once
  const backed = new Map<Address, SignedOffer>()
  const unbacked = new Map<Address, SignedOffer>()
  const perPeer = createAllowance(clock, options.unbackedPerMinuteMax, 60_000)
  const ofAll = createAllowance(clock, options.unbackedPerMinuteMaxAll, 60_000)
  const handlers = new Set<() => void>()
  let sorted: readonly Address[] | undefined

  const get = (operator: Address) => backed.get(operator) ?? unbacked.get(operator)
  const changed = () => {
    sorted = undefined
    for (const handler of handlers) handler()
  }
  const forget = (operator: Address) => {
    backed.delete(operator)
    unbacked.delete(operator)
  }
  const makeRoom = () => {
    if (backed.size + unbacked.size <= options.offersMax) return
    const oldest = (unbacked.size > 0 ? unbacked : backed).keys().next()
    if (oldest.done === false) forget(oldest.value)
  }
  const prune = () => {
    const nowMs = clock.nowMs()
    const expired = [...backed.values(), ...unbacked.values()].filter(
      ({ offer }) => offer.expiresAtMs <= nowMs,
    )
    for (const { offer } of expired) forget(offer.operator)
    if (expired.length > 0) changed()
  }
  const add: OfferIndex['add'] = (signed, from, how = { solicited: false }) => {
    const { offer } = signed
    const known = get(offer.operator)
    if (known !== undefined && known.offer.sequence >= offer.sequence) return 'known'
    const stale = staleness(offer, clock.nowMs())
    if (stale !== undefined) return stale
    const isBacked = options.isBacked?.(offer) ?? false
    if (!isBacked && !how.solicited && !(perPeer.take(from) && ofAll.take('all'))) {
      return 'limited'
    }
    if (!isGenuineOffer(signed)) return 'forged'
    forget(offer.operator)
    const kept = isBacked ? backed : unbacked
    kept.set(offer.operator, signed)
    makeRoom()
    changed()
    return 'added'
  }
  const operators = (): readonly Address[] => {
    sorted ??= [...backed.keys(), ...unbacked.keys()].sort()
    return sorted
  }
  const query: OfferIndex['query'] = (filter, after, limit) => {
    const nowMs = clock.nowMs()
    const offers: SignedOffer[] = []
    const order = operators()
    for (const operator of order.slice(firstAfter(order, after))) {
      const signed = get(operator)
      if (signed === undefined || signed.offer.expiresAtMs <= nowMs) continue
      if (filter !== undefined && !meets(signed.offer, filter)) continue
      if (offers.length === limit) return { offers, next: offers.at(-1)?.offer.operator }
      offers.push(signed)
    }
    return { offers, next: undefined }
  }
  return {
    add,
    get: (operator) => {
      const signed = get(operator)
      return signed !== undefined && signed.offer.expiresAtMs > clock.nowMs() ? signed : undefined
    },
    query,
    all: () => query(undefined, undefined, options.offersMax).offers.map(({ offer }) => offer),
    size: () => backed.size + unbacked.size,
    prune,
    onChange: (handler) => {
      const own = () => handler()
      handlers.add(own)
      return () => {
        handlers.delete(own)
      }
    },
  }
}
