import type { LeaseDeal } from '#core/deployment'
import { ArtelError, toArtelError } from '#core/errors'
import { zeroHash } from '#core/ids'
import { type Rate, rate } from '#core/money'
import type { Ranked } from '#core/scheduling/rank'
import { nowSeconds } from '#ports/clock'
import { bidRequest } from '#protocol/peer/host-routes'
import type { ActContext, ActionOf } from './context.ts'
import { depositFor } from './deposit.ts'
import { checkSignature, checkTerms } from './verify-bid.ts'

type Place = ActionOf<'place'>
type Bid = Omit<LeaseDeal, 'deposit'>
type Failure = { readonly ranked: Ranked; readonly error: ArtelError }

/** Rounding between an offer's prices and the rate of its bid. */
const roundingFactor = 1.000001

const rateLimit = (ranked: Ranked, wished: bigint | undefined): Rate => {
  const listed = BigInt(Math.ceil(ranked.rate * roundingFactor)) + 5n
  return rate(wished !== undefined && wished < listed ? wished : listed)
}

const askForBid = async (
  { parts, instance }: ActContext,
  { epoch, previous }: Place,
  ranked: Ranked,
  signal: AbortSignal,
): Promise<Bid> => {
  const { desired } = instance.state()
  const { info } = parts.chain
  const { host } = ranked.listing
  const tenant = parts.signer.address
  const rateMax = rateLimit(ranked, desired.service.wishes.rateMax)
  const { run, requirements } = desired.service
  const params = {
    chainId: info.chainId,
    leases: info.leases,
    tenant,
    deployment: desired.deployment,
    instance: desired.instance,
    epoch,
    previous,
    requirements,
    observers: zeroHash,
    durationSeconds: Math.ceil(run?.timeoutSeconds ?? 0),
    rateMax,
    ...(run === undefined ? {} : { image: run.image }),
  }
  const { result } = await parts.caller.call(host.peer, bidRequest, params, { signal })
  const { terms, signature } = result
  const asked = {
    desired,
    tenant,
    host,
    epoch,
    previous,
    rateMax,
    nowSeconds: nowSeconds(parts.clock),
  }
  checkTerms(terms, asked, info.tokenInfo.decimals)
  return { id: await checkSignature(parts.chain, terms, signature, signal), terms, signature, host }
}

/** A bid holds the host's capacity until it expires, so the next candidate is asked only after this silence. */
const patienceMs = 500

/** Asks one candidate after the other, the next one early when an answer is slow; takes the first valid bid. */
const collectBids = async (context: ActContext, place: Place, signal: AbortSignal) => {
  const { clock } = context.parts
  const over = new AbortController()
  const limit = AbortSignal.any([signal, over.signal])
  const failed: Failure[] = []
  const asking = new Set<Promise<void>>()
  let bid: Bid | undefined
  const ask = async (ranked: Ranked): Promise<void> => {
    try {
      const answer = await askForBid(context, place, ranked, limit)
      bid ??= answer
    } catch (error) {
      failed.push({ ranked, error: toArtelError(error) })
    }
  }
  try {
    for (const ranked of place.candidates) {
      const asked = ask(ranked).finally(() => asking.delete(asked))
      asking.add(asked)
      const patience = new AbortController()
      const silence = clock
        .sleep(patienceMs, AbortSignal.any([limit, patience.signal]))
        .catch(() => undefined) // heard from the candidate, or cancelled: both end the wait
      await Promise.race([asked, silence])
      patience.abort()
      await silence
      if (bid !== undefined || signal.aborted) break
    }
    while (bid === undefined && asking.size > 0) await Promise.race(asking)
  } finally {
    over.abort(new ArtelError('cancelled', 'another bid was taken'))
    await Promise.all(asking)
  }
  signal.throwIfAborted()
  return { bid, failed }
}

const adviceOf = (hint: string | undefined) => (hint === undefined ? {} : { hint })

/** Faults of a host that make another attempt there useless for a while. */
const blames = (code: ArtelError['code']): boolean => code !== 'busy' && code !== 'balance'

/** Asks for bids, takes the best and journals it; journals `place-failed` when there is none. */
export const place = async (
  context: ActContext,
  action: Place,
  signal: AbortSignal,
): Promise<void> => {
  const { instance, commitments } = context
  const { bid, failed } = await collectBids(context, action, signal)
  if (bid === undefined) {
    for (const outcome of failed) {
      const { code, message, hint } = outcome.error
      const host = blames(code) ? { host: outcome.ranked.listing.host.address } : {}
      const where = `host ${outcome.ranked.listing.host.address}: ${message}`
      // A balance that a host finds too low is not final: it may not have seen the deposit yet.
      const said = code === 'balance' ? 'busy' : code
      instance.record({
        kind: 'place-failed',
        code: said,
        message: where,
        ...adviceOf(hint),
        ...host,
      })
    }
    return
  }
  try {
    const deposit = await depositFor(context, bid.terms, signal)
    signal.throwIfAborted()
    commitments.add(bid.id, deposit)
    instance.record({ kind: 'opening', deal: { ...bid, deposit } })
    if (action.epoch > 1) {
      const message = `starting again from the beginning on host ${bid.host.address}`
      instance.hub.tell({ type: 'notice', message })
    }
  } catch (error) {
    if (!(error instanceof ArtelError && error.code === 'balance')) throw error
    const { code, message, hint } = error
    instance.record({ kind: 'place-failed', code, message, ...adviceOf(hint) })
  }
}
