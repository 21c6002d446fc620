import { ArtelError, toArtelError } from '#core/errors'
import type { Offer, SignedOffer } from '#core/offer'
import type { Clock } from '#ports/clock'
import type { Startable } from '#ports/lifecycle'
import type { Log } from '#ports/log'
import type { Network } from '#ports/network'
import type { Signer } from '#ports/signer'
import { decodeOffer, encodeOffer, offerBytesMax, signOffer } from '#protocol/offer'
import type { OfferIndex } from './offer-index.ts'

/** The topic on which hosts of a region publish and market nodes listen. */
const offerTopic = (region: string): string => `artel/1/offers/${region}`

/** What a host says of itself; the publisher adds who, since when and until when. */
export type OfferDraft = Omit<Offer, 'version' | 'operator' | 'peer' | 'sequence' | 'expiresAtMs'>

export type OfferPublisher = Startable & {
  /** Says that the draft may have changed: a new offer goes out soon. */
  readonly changed: () => void
  /** The offer that stands now. */
  readonly current: () => SignedOffer | undefined
}

export type PublisherOptions = {
  /** What is offered now, or undefined while nothing is. */
  readonly draft: () => OfferDraft | undefined
  /** Called with every new offer, for the node's own index. */
  readonly onOffer?: (offer: SignedOffer) => void
}

const republishMs = 12 * 3_600_000
const lifetimeMs = 2 * republishMs
/** Changes within so long go out together. */
const settleMs = 1000
/** How often new neighbours are looked for: they missed what was gossiped before they came. */
const neighboursMs = 15_000

type Components = {
  readonly network: Pick<Network, 'self' | 'publish' | 'connected'>
  readonly clock: Clock
  readonly signer: Signer
  readonly log: Log
}

/** A cell that a waiting loop is woken through. */
const createBell = () => {
  let ring = Promise.withResolvers<void>()
  return {
    ring: () => ring.resolve(),
    heard: () => ring.promise,
    reset: () => {
      ring = Promise.withResolvers<void>()
    },
  }
}

/** Publishes a host's offer: on change, every 12 hours, and again when neighbours join. */
export const createOfferPublisher = (
  { network, clock, signer, log }: Components,
  { draft, onOffer }: PublisherOptions,
): OfferPublisher => {
  const stopped = new AbortController()
  const bell = createBell()
  let running: Promise<void> | undefined
  let current: SignedOffer | undefined
  let composedAtMs = 0
  let neighbours = new Set<string>()

  const compose = () => {
    const said = draft()
    const nowMs = clock.nowMs()
    composedAtMs = clock.monotonicMs()
    const sequence = Math.max(Math.floor(nowMs), (current?.offer.sequence ?? 0) + 1)
    // what is no longer offered is withdrawn by an offer of nothing
    const offered =
      said ?? (current === undefined ? undefined : { ...current.offer, freeLeases: 0 })
    if (offered === undefined) return
    const offer: Offer = {
      ...offered,
      version: 1,
      operator: signer.address,
      peer: signer.peerId,
      sequence,
      expiresAtMs: nowMs + lifetimeMs,
    }
    current = signOffer(offer, signer)
    onOffer?.(current)
  }
  const publish = async () => {
    if (current === undefined) return
    neighbours = new Set(network.connected())
    const bytes = encodeOffer(current)
    if (bytes.length > offerBytesMax) {
      throw new ArtelError('too-large', `the offer has ${bytes.length} bytes`, {
        hint: `At most ${offerBytesMax} fit: announce fewer addresses.`,
      })
    }
    await network.publish(offerTopic(current.offer.place.region), bytes)
  }
  const hasNewNeighbour = () => network.connected().some((peer) => !neighbours.has(peer))

  /** Waits for a change, at most until neighbours are looked for; says whether there was one. */
  const awaitChange = async (signal: AbortSignal): Promise<boolean> => {
    const rung = new AbortController()
    const waiting = clock.sleep(neighboursMs, AbortSignal.any([signal, rung.signal]))
    const changed = await Promise.race([bell.heard().then(() => true), waiting.then(() => false)])
    rung.abort()
    return changed
  }
  const run = async (signal: AbortSignal) => {
    let due = true
    for (;;) {
      if (due) {
        bell.reset()
        compose()
      }
      if (due || hasNewNeighbour()) {
        await publish().catch((error: unknown) =>
          log.warn('the offer could not be published', { reason: toArtelError(error).message }),
        )
      }
      due = await awaitChange(signal)
      if (due) await clock.sleep(settleMs, signal)
      else due = clock.monotonicMs() - composedAtMs >= republishMs
    }
  }
  return {
    changed: bell.ring,
    current: () => current,
    start: async (signal) => {
      signal.throwIfAborted()
      running = run(stopped.signal).catch((error: unknown) => {
        if (!stopped.signal.aborted) log.error('offers stopped', { reason: String(error) })
      })
    },
    stop: async () => {
      stopped.abort(new ArtelError('cancelled', 'the publisher stops'))
      await running
    },
  }
}

/** Brings the offers of these regions into the index until the returned function is called. */
export const listenToOffers = (
  { network, index }: { readonly network: Pick<Network, 'subscribe'>; readonly index: OfferIndex },
  regions: readonly string[],
): (() => void) => {
  const leave = regions.map((region) =>
    network.subscribe(offerTopic(region), ({ from, data }) => {
      const signed = decodeOffer(data)
      if (signed?.offer.place.region === region) index.add(signed, from)
    }),
  )
  return () => {
    for (const stop of leave) stop()
  }
}
