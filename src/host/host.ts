import { ArtelError, toArtelError } from '#core/errors'
import type { SignedOffer } from '#core/offer'
import { createOfferPublisher, type OfferDraft, type OfferPublisher } from '#peers/offer-gossip'
import type { Startable } from '#ports/lifecycle'
import type { Earning, HostJoin, HostView } from '#protocol/api/node'
import {
  type HostLease,
  type HostSettings,
  hostSettingsSchema,
  hostTables,
} from '#protocol/host-records'
import { regionText } from '#protocol/offer'
import { earningOf } from './earnings.ts'
import {
  createHostParts,
  type HostComponents,
  type HostOptions,
  type HostParts,
} from './host-parts.ts'
import { hostView } from './host-view.ts'
import { serveLeases } from './lease-routes.ts'
import { draftOffer } from './offering.ts'
import { serveRuns } from './run-routes.ts'
import { type Selling, sellingOf } from './selling.ts'
import { createTable, type Table } from './table.ts'

/** The part of a node that sells, and its owner's handle on it. */
export type Host = Startable & {
  readonly view: () => HostView
  /** What every lease earned, oldest first. */
  readonly earnings: () => readonly Earning[]
  /** Begins to sell, or goes on by other rules. Throws 'unavailable' when this machine cannot. */
  readonly join: (request: HostJoin, signal: AbortSignal) => Promise<HostView>
  /** Takes no new leases; those that run go on. Throws 'conflict' when the host is not selling. */
  readonly pause: () => Promise<HostView>
  readonly resume: () => Promise<HostView>
  /** Waits up to `drainSeconds` for leases to end, quits the rest, and removes everything. */
  readonly leave: (drainSeconds: number, signal: AbortSignal) => Promise<HostView>
  /** The offer that stands now. */
  readonly offer: () => SignedOffer | undefined
}

export type HostExtras = {
  /** Called with every new offer of this host, for the node's own index. */
  readonly onOffer?: (offer: SignedOffer) => void
}

const ownerKey = 'owner'
/** How long leases may take to end once the host has quit them. */
const quitMs = 120_000
const quitEveryMs = 1_000
/** How long a stopping node waits for leases that are ending. */
const endingMs = 15_000

class SellingHost implements Host {
  readonly #components: HostComponents
  readonly #options: HostOptions
  readonly #settings: Table<HostSettings>
  readonly #parts: HostParts
  readonly #publisher: OfferPublisher
  #unhandle: readonly (() => void)[] = []
  #probing = false

  constructor(components: HostComponents, options: HostOptions, extras: HostExtras) {
    this.#components = components
    this.#options = options
    this.#settings = createTable(components.records, hostTables.settings, hostSettingsSchema)
    this.#parts = createHostParts(components, options, {
      selling: () => this.#selling(),
      onChange: () => this.#publisher.changed(),
    })
    const draft = (): OfferDraft | undefined => this.#draft()
    this.#publisher = createOfferPublisher(components, { draft, ...extras })
  }

  async start(signal: AbortSignal): Promise<void> {
    const { background, keeper, leases } = this.#parts
    const { chain, clock, engine, server } = this.#components
    if (this.#owner() !== undefined || leases.all().length > 0) this.#probe()
    background.spawn('keeping leases', (inner) => keeper.run(inner))
    background.spawn('following changes of the offer', (inner) => this.#followChanges(inner))
    if (this.#owner()?.state === 'leaving') {
      background.spawn('leaving', (inner) => this.#finishLeaving(inner))
    }
    await this.#publisher.start(signal)
    const selling = (): Selling | { readonly problem: string } => this.#selling()
    const shared = { ...this.#parts, chain, clock, engine, selling }
    this.#unhandle = [
      ...serveLeases(server, { ...shared, runs: this.#parts.runStore }),
      ...serveRuns(server, shared),
    ]
  }

  /** Finishes leases that are ending; containers of others go on, and the next life takes them up. */
  async stop(): Promise<void> {
    await this.#untilNone(['ending'], endingMs, new AbortController().signal)
    for (const unhandle of this.#unhandle) unhandle()
    this.#unhandle = []
    await this.#publisher.stop()
    await this.#parts.background.stop()
    await this.#parts.runs.release()
  }

  view(): HostView {
    const { earnings, leases, runStore: runs, time } = this.#parts
    const { follower } = this.#components
    const selling = (): Selling | { readonly problem: string } => this.#selling()
    const components = { earnings, follower, leases, runs, time, selling }
    return hostView(components, this.#options.account, this.#owner())
  }

  earnings(): readonly Earning[] {
    const { earnings, leases, time } = this.#parts
    const { follower } = this.#components
    const live = leases
      .all()
      .filter(({ openedSeconds }) => openedSeconds !== undefined)
      .map((lease) => earningOf(lease, follower.lease(lease.id), time.nowSeconds()))
    return [...earnings.all(), ...live].sort((a, b) => a.openedAtSeconds - b.openedAtSeconds)
  }

  async join(request: HostJoin, signal: AbortSignal): Promise<HostView> {
    const quitFee = request.quitFee ?? 0n
    if (quitFee > (request.bond ?? 0n)) {
      throw new ArtelError(
        'bad-request',
        'the quit fee is paid from the bond and may not exceed it',
      )
    }
    if (!regionText.safeParse(request.region).success) {
      throw new ArtelError('bad-request', `'${request.region}' is no region`, {
        hint: 'use up to 32 of a-z, 0-9 and -, such as eu-de',
      })
    }
    await this.#parts.readiness.prepare(signal)
    this.#decide({ join: request, state: 'selling' })
    this.#probe()
    return this.view()
  }

  async pause(): Promise<HostView> {
    return this.#turn('paused')
  }

  async resume(): Promise<HostView> {
    return this.#turn('selling')
  }

  async leave(drainSeconds: number, signal: AbortSignal): Promise<HostView> {
    const settings = this.#owner()
    if (settings === undefined) return this.view()
    this.#decide({ ...settings, state: 'leaving' })
    await this.#untilFree(drainSeconds * 1000, signal)
    await this.#finishLeaving(signal)
    return this.view()
  }

  offer(): SignedOffer | undefined {
    return this.#publisher.current()
  }

  #owner(): HostSettings | undefined {
    return this.#settings.get(ownerKey)
  }

  #decide(settings: HostSettings): void {
    this.#components.records.transaction(() => this.#settings.put(ownerKey, settings))
    this.#publisher.changed()
  }

  #turn(state: 'paused' | 'selling'): HostView {
    const settings = this.#owner()
    if (settings === undefined || settings.state === 'leaving') {
      throw new ArtelError('conflict', 'this node is not a host', { hint: 'join as a host first' })
    }
    this.#decide({ ...settings, state })
    return this.view()
  }

  #selling(): Selling | { readonly problem: string } {
    const settings = this.#owner()
    if (settings === undefined) return { problem: 'this node does not sell' }
    if (settings.state === 'leaving') return { problem: 'this host is leaving' }
    const facts = this.#parts.readiness.facts()
    if (facts === undefined || !this.#parts.readiness.ready()) {
      return { problem: this.#parts.readiness.problem() ?? 'this host is starting' }
    }
    return sellingOf(settings, facts, this.#options.rules)
  }

  #draft(): OfferDraft | undefined {
    const selling = this.#selling()
    if ('problem' in selling) return undefined
    const { chain, network } = this.#components
    return draftOffer(selling, this.#parts.leases, {
      account: this.#options.account,
      chain: chain.info,
      addresses: network.addresses(),
    })
  }

  /** Watches engine and machine from now on; a node that never sold leaves them alone. */
  #probe(): void {
    if (this.#probing) return
    this.#probing = true
    const { background, readiness } = this.#parts
    background.spawn('probing the engine', (signal) => readiness.run(signal))
  }

  /** Says that the offer changed whenever what is free does. */
  async #followChanges(signal: AbortSignal): Promise<void> {
    const { leases } = this.#parts
    let told = ''
    for (;;) {
      const seen = leases.notice.version()
      const now = JSON.stringify(leases.holds())
      if (now !== told) this.#publisher.changed()
      told = now
      await leases.notice.changed(seen, signal)
    }
  }

  /** Waits until no lease and no bid is left; false when that took too long. */
  #untilFree(ms: number, signal: AbortSignal): Promise<boolean> {
    return this.#untilNone(['bid', 'running', 'ending'], ms, signal)
  }

  /** Waits until no lease is in one of `states`; false when that took too long. */
  async #untilNone(
    states: readonly HostLease['state'][],
    ms: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { leases } = this.#parts
    const { notice } = leases
    const waiting = async (inner: AbortSignal): Promise<void> => {
      for (;;) {
        const seen = notice.version()
        if (!leases.all().some(({ state }) => states.includes(state))) return
        await notice.changed(seen, inner)
      }
    }
    try {
      await this.#components.clock.within(ms, signal, 'the end of all leases', waiting)
      return true
    } catch (error) {
      signal.throwIfAborted()
      if (toArtelError(error).code !== 'timeout') throw error
      return false
    }
  }

  /** Ends and removes what is left, unless the owner has changed their mind meanwhile. */
  async #finishLeaving(signal: AbortSignal): Promise<void> {
    if (!(await this.#quitAll(signal))) return
    const { leases, runs, images } = this.#parts
    for (const { id } of leases.all()) await runs.forgetLease(id, signal)
    await images.removeAll(signal)
    this.#components.records.transaction(() => this.#settings.delete(ownerKey))
    this.#publisher.changed()
  }

  /** Ends what still runs, and what is opened on old bids meanwhile; false when the host stays after all. */
  async #quitAll(signal: AbortSignal): Promise<boolean> {
    const { leases, settlement } = this.#parts
    const { clock } = this.#components
    const untilMs = clock.monotonicMs() + quitMs
    while (!(await this.#untilFree(0, signal))) {
      if (this.#owner()?.state !== 'leaving') return false
      if (clock.monotonicMs() > untilMs) {
        throw new ArtelError('timeout', 'some leases did not end', {
          hint: 'look at the node log and leave again',
        })
      }
      for (const lease of leases.all()) if (lease.state === 'running') settlement.quit(lease)
      await this.#untilFree(quitEveryMs, signal)
    }
    return this.#owner()?.state === 'leaving'
  }
}

/**
 * Makes the host of a node. It sells nothing until its owner joins; then it serves tenants' calls through
 * `server` from `start` to `stop`. Everything is on disk before it is promised.
 */
export const createHost = (
  components: HostComponents,
  options: HostOptions,
  extras: HostExtras = {},
): Host => new SellingHost(components, options, extras)
