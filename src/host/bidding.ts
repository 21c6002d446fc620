import { type BidRequest, bidSecondsOf, draftTerms } from '#core/bidding/draft-terms'
import { ArtelError } from '#core/errors'
import { couldEverFit, fitBeside } from '#core/host-capacity'
import { refuse } from '#core/host-rules'
import type { Address, PeerId, Signature } from '#core/ids'
import { costOf, formatHourlyPrice, noTokens, type Rate, type TokenInfo } from '#core/money'
import { priceOf } from '#core/offer'
import type { Terms } from '#core/terms'
import type { Chain } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Signer } from '#ports/signer'
import { requirementsHash } from '#protocol/canonical'
import { leaseIdOf, termsDigest } from '#protocol/eip712-leases'
import type { HostLease } from '#protocol/host-records'
import { addressOfPeer } from '#protocol/keys'
import type { bidRequest } from '#protocol/peer/host-routes'
import type { ParamsOf } from '#protocol/peer/route'
import type { ChainTime } from './chain-time.ts'
import type { Images } from './images.ts'
import { namesCollide } from './labels.ts'
import type { LeaseStore } from './lease-store.ts'
import type { Selling } from './selling.ts'

export type BiddingComponents = {
  readonly chain: Pick<Chain, 'info' | 'balance' | 'isOperator' | 'outlook'>
  readonly clock: Clock
  readonly images: Pick<Images, 'warm'>
  readonly leases: LeaseStore
  readonly signer: Signer
  readonly time: ChainTime
  /** Asks the chain whether a bid was opened. */
  readonly ask: (lease: HostLease['id'], signal: AbortSignal) => Promise<void>
  /** What is sold now; undefined while nothing is, with the reason. */
  readonly selling: () => Selling | { readonly problem: string }
}

export type BiddingOptions = {
  /** The account that gets the money. */
  readonly account: Address
  /** Service that a tenant must be able to pay for before capacity is kept for it. */
  readonly affordSeconds: number
  /** Whether images are pulled on the strength of a request. */
  readonly warmImages: boolean
}

export type Params = ParamsOf<typeof bidRequest>
export type Bid = { readonly terms: Terms; readonly signature: Signature }

const request = (params: Params): BidRequest => ({
  tenant: params.tenant,
  deployment: params.deployment,
  instance: params.instance,
  epoch: params.epoch,
  previous: params.previous,
  observers: params.observers,
  durationSeconds: params.durationSeconds,
})

/** Whether an outstanding bid answers the request: the tenant may not have got the first answer. */
const answers = (lease: HostLease, params: Params, signer: Address): boolean => {
  const { terms } = lease
  return (
    terms.signer === signer &&
    terms.tenant === params.tenant &&
    terms.deployment === params.deployment &&
    terms.instance === params.instance &&
    terms.epoch === params.epoch &&
    terms.previous === params.previous &&
    terms.observers === params.observers &&
    terms.manifest === requirementsHash(params.requirements) &&
    (params.rateMax === undefined || terms.rate <= params.rateMax)
  )
}

const refuseByRules = (selling: Selling, params: Params): void => {
  const { requirements, tenant, image } = params
  const rule = { tenant, requirements, ...(image === undefined ? {} : { image }) }
  const reason = refuse(selling.rules, selling.abilities, rule)
  if (reason !== undefined) throw new ArtelError('refused', reason)
  if (!couldEverFit(selling.capacity, requirements.resources)) {
    throw new ArtelError('refused', 'this host is too small for the request')
  }
}

const priced = (selling: Selling, params: Params, token: TokenInfo): Rate => {
  const rate = priceOf(selling, params.requirements.resources)
  if (params.rateMax === undefined || rate <= params.rateMax) return rate
  const price = `${formatHourlyPrice(rate, token.decimals)} ${token.symbol}/h`
  throw new ArtelError('price', `this host takes ${price}`, { hint: `offer at least ${price}` })
}

/** A bid that is so near to its end is of no use to whoever asks again. */
const staleSeconds = 5

/** Answers tenants' requests with signed terms, and keeps the capacity that they promise. */
export class Bidding {
  readonly #components: BiddingComponents
  readonly #options: BiddingOptions

  constructor(components: BiddingComponents, options: BiddingOptions) {
    this.#components = components
    this.#options = options
  }

  /** Terms for the request, on disk before they are told. The same request again gets the same bid. */
  async bid(params: Params, peer: PeerId, signal: AbortSignal): Promise<Bid> {
    const { chain, images, time } = this.#components
    const { chainId, leases: contract } = chain.info
    if (params.chainId !== chainId || params.leases !== contract) {
      throw new ArtelError('wrong-chain', `this host leases on chain ${chainId} at ${contract}`)
    }
    const speaker = addressOfPeer(peer)
    if (speaker === undefined) throw new ArtelError('unauthorized', 'a peer without an account')
    const selling = this.#expectSelling()
    const earlier = this.#outstanding().find((lease) => answers(lease, params, speaker))
    if (earlier !== undefined && earlier.terms.bidExpiry > time.laterSeconds() + staleSeconds) {
      return { terms: earlier.terms, signature: earlier.signature }
    }
    refuseByRules(selling, params)
    const rate = priced(selling, params, chain.info.tokenInfo)
    await this.#refusePoor(selling, params.tenant, rate, signal)
    await this.#askForOpened(params.tenant, speaker, signal)
    const lease = this.#reserve(selling, params, speaker, rate)
    await this.#checkSpeaker(lease, signal)
    if (params.image !== undefined && this.#options.warmImages) images.warm(params.image)
    return { terms: lease.terms, signature: lease.signature }
  }

  #expectSelling(): Selling {
    const selling = this.#components.selling()
    if ('problem' in selling) throw new ArtelError('refused', selling.problem)
    return selling
  }

  #outstanding(): readonly HostLease[] {
    return this.#components.leases.all().filter((lease) => lease.state === 'bid')
  }

  async #refusePoor(
    selling: Selling,
    tenant: Address,
    rate: Rate,
    signal: AbortSignal,
  ): Promise<void> {
    const { chain } = this.#components
    const { account, affordSeconds } = this.#options
    const needed = costOf(rate, Math.max(selling.rules.minimumSeconds, affordSeconds))
    if (needed > 0n && (await chain.balance(tenant, signal)) < needed) {
      throw new ArtelError('balance', `the vault balance of ${tenant} does not cover the lease`, {
        hint: 'deposit first',
      })
    }
    const { bond } = selling.rules
    if (bond === noTokens) return
    const promised = this.#outstanding().reduce((sum, { terms }) => sum + terms.bond, 0n)
    if ((await chain.balance(account, signal)) < promised + bond) {
      throw new ArtelError('refused', 'this host cannot post its bond at the moment')
    }
  }

  #openBid(tenant: Address, speaker: Address): HostLease | undefined {
    return this.#outstanding().find(
      ({ terms }) => terms.tenant === tenant || terms.signer === speaker,
    )
  }

  /** A tenant that opens several leases is faster than the news of them. */
  async #askForOpened(tenant: Address, speaker: Address, signal: AbortSignal): Promise<void> {
    const open = this.#openBid(tenant, speaker)
    if (open !== undefined) await this.#components.ask(open.id, signal)
  }

  /** Keeps the capacity and signs; everything from the check to the record happens at once. */
  #reserve(selling: Selling, params: Params, speaker: Address, rate: Rate): HostLease {
    const { chain, clock, leases, signer, time } = this.#components
    const { requirements, tenant } = params
    if (this.#openBid(tenant, speaker) !== undefined) {
      throw new ArtelError('busy', 'a bid for this tenant is still open', {
        hint: 'open it, or wait until it expires',
      })
    }
    const fit = fitBeside(selling.capacity, leases.holds(), requirements.resources)
    if (!fit.ok) throw new ArtelError('busy', `no room left here: ${fit.short.join(', ')}`)
    const terms = draftTerms(selling.rules, request(params), {
      host: this.#options.account,
      signer: speaker,
      manifest: requirementsHash(requirements),
      rate,
      now: time.laterSeconds(),
      bidSeconds: bidSecondsOf(time.blockSeconds()),
    })
    const id = leaseIdOf(terms)
    // A tenant can search for terms whose lease would get the network of another.
    if (leases.all().some((lease) => namesCollide(id, lease.id))) {
      throw new ArtelError('busy', 'try again shortly')
    }
    return leases.put({
      id,
      terms,
      signature: signer.sign(termsDigest(chain.info, terms)),
      requirements,
      gpuIds: [...fit.gpuIds],
      state: 'bid',
      bidAtMs: clock.nowMs(),
      earned: noTokens,
      settled: false,
      refusals: 0,
    })
  }

  /** Whether the chain lets this key open leases with the tenant's money: strangers must not fill a host. */
  async #mayOpen(lease: HostLease, signal: AbortSignal): Promise<boolean> {
    const { chain } = this.#components
    const { terms, signature } = lease
    if (terms.signer === terms.tenant) return true
    if (await chain.isOperator(terms.tenant, terms.signer, signal)) return true
    const deposit = costOf(terms.rate, terms.minimum)
    const open = { kind: 'open', terms, deposit, signature } as const
    return (await chain.outlook(open, terms.signer, signal)).ok
  }

  async #checkSpeaker(lease: HostLease, signal: AbortSignal): Promise<void> {
    let allowed = false
    try {
      allowed = await this.#mayOpen(lease, signal)
    } finally {
      // Nobody has seen these terms yet: they can be withdrawn.
      if (!allowed) this.#components.leases.remove(lease.id)
    }
    if (!allowed) {
      throw new ArtelError('unauthorized', `${lease.terms.signer} does not speak for the tenant`, {
        hint: 'let the account allow this key as its operator or delegate',
      })
    }
  }
}
