import { toArtelError } from '#core/errors'
import { leaseFate } from '#core/host-lease-fate'
import type { LeaseId } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import type { HostLease } from '#protocol/host-records'
import type { Background } from './background.ts'
import type { ChainTime } from './chain-time.ts'
import type { Earnings } from './earnings.ts'
import type { Images } from './images.ts'
import type { LeaseStore } from './lease-store.ts'
import type { LeaseFollower } from './ledger-view.ts'
import type { Networks } from './networks.ts'
import type { Runs } from './runs.ts'
import type { Settlement } from './settlement.ts'
import type { Workers } from './workers.ts'

export type KeeperComponents = {
  readonly background: Background
  readonly clock: Clock
  readonly earnings: Earnings
  /** Whether there is room for a lease whose bid had lapsed. */
  readonly fits: (lease: HostLease) => boolean
  readonly follower: LeaseFollower
  readonly images: Images
  readonly leases: LeaseStore
  readonly log: Log
  /** Whether the engine's containers have been taken up: before that nothing can be cleaned up. */
  readonly ready: () => boolean
  readonly networks: Networks
  readonly runs: Runs
  readonly settlement: Settlement
  readonly time: ChainTime
  readonly workers: Workers
}

export type KeeperOptions = {
  /** Blocks that must include the open of a lease before its runs may start. */
  readonly confirmations: number
  /** How long the output of ended leases stays readable. */
  readonly keepOutputMs: number
}

const tickMs = 1_000
const retryCleanupMs = 5_000
/** How long a lapsed bid is remembered, in case that its open turns up late. */
const lapsedKeptMs = 3_600_000
/** How long an ended lease that the chain no longer knows is kept for its money. */
const unknownKeptMs = 24 * 3_600_000

/** Moves every lease through its life: bid, running, ending, ended, forgotten. */
export class LeaseKeeper {
  readonly #components: KeeperComponents
  readonly #options: KeeperOptions
  readonly #missingSinceMs = new Map<LeaseId, number>()
  readonly #asking = new Set<LeaseId>()
  readonly #cleaning = new Set<LeaseId>()
  readonly #retryAtMs = new Map<LeaseId, number>()

  constructor(components: KeeperComponents, options: KeeperOptions) {
    this.#components = components
    this.#options = options
  }

  /** Looks at all leases whenever something changed, and every second. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, follower, leases } = this.#components
    const stopListening = [
      follower.onEvent(() => leases.notice.notify()),
      follower.onUndone(() => leases.notice.notify()),
    ]
    try {
      for (;;) {
        const seen = leases.notice.version()
        this.look()
        try {
          const changed = (inner: AbortSignal) => leases.notice.changed(seen, inner)
          await clock.within(tickMs, signal, 'a change of a lease', changed)
        } catch (error) {
          signal.throwIfAborted()
          if (toArtelError(error).code !== 'timeout') throw error
        }
      }
    } finally {
      for (const stop of stopListening) stop()
    }
  }

  /** One look at all leases; never waits. */
  look(): void {
    const { follower, leases, log, time } = this.#components
    const head = follower.head()
    if (head !== undefined) time.see(head)
    for (const lease of leases.all()) {
      try {
        this.#lookAt(lease)
      } catch (error) {
        // Such as a full disk: the others are looked at all the same, and this one again.
        const { code, message } = toArtelError(error)
        log.error('a lease cannot be looked after', { lease: lease.id, code, message })
      }
    }
    for (const id of this.#missingSinceMs.keys()) {
      if (leases.get(id) === undefined) this.#missingSinceMs.delete(id)
    }
  }

  /** Asks the chain about a lease that its tenant says is open. */
  async ask(id: LeaseId, signal: AbortSignal): Promise<void> {
    await this.#components.follower.refresh(id, signal)
    this.look()
  }

  #lookAt(before: HostLease): void {
    const { follower, settlement } = this.#components
    const record = follower.lease(before.id)
    const lease = this.#noteSeen(before, record)
    this.#applyFate(lease, record)
    const current = this.#components.leases.get(lease.id)
    if (current === undefined) return
    if (current.state === 'ending') this.#cleanUp(current)
    if (record !== undefined && current.state !== 'bid' && current.state !== 'lapsed') {
      settlement.look(current, record)
    }
    this.#retire(this.#components.leases.get(lease.id), record)
  }

  /** Remembers since when the chain knows the lease, or does not. */
  #noteSeen(lease: HostLease, record: LeaseRecord | undefined): HostLease {
    const { clock, leases, time } = this.#components
    if (record === undefined) {
      if (!this.#missingSinceMs.has(lease.id)) {
        this.#missingSinceMs.set(lease.id, clock.monotonicMs())
      }
      return lease
    }
    this.#missingSinceMs.delete(lease.id)
    if (lease.seenBlock !== undefined && lease.openedSeconds === record.opened) return lease
    return leases.update(lease.id, {
      seenBlock: time.headNumber(),
      openedSeconds: record.opened,
    })
  }

  #isConfirmed(lease: HostLease): boolean {
    const { confirmations } = this.#options
    const deep = this.#components.time.headNumber() - (lease.seenBlock ?? 0) + 1
    return confirmations <= 1 || deep >= confirmations
  }

  #applyFate(lease: HostLease, record: LeaseRecord | undefined): void {
    const { clock, leases, log, time } = this.#components
    const missing = this.#missingSinceMs.get(lease.id)
    const counts = lease.state === 'running' || this.#isConfirmed(lease)
    const fate = leaseFate({
      state: lease.state,
      bidExpiry: lease.terms.bidExpiry,
      record: counts ? record : undefined,
      now: time.nowSeconds(),
      headSeconds: time.headSeconds(),
      missingSeconds: missing === undefined ? 0 : (clock.monotonicMs() - missing) / 1000,
    })
    switch (fate.kind) {
      case 'keep':
        return
      case 'run':
        if (lease.state === 'lapsed' && !this.#components.fits(lease)) {
          this.#components.settlement.quit(lease)
          return
        }
        log.info('a lease begins', { lease: lease.id, tenant: lease.terms.tenant })
        leases.update(lease.id, { state: 'running' })
        return
      case 'lapse':
        if (record === undefined) this.#lapse(lease)
        return
      case 'end':
        log.info('a lease ends', { lease: lease.id, reason: fate.reason })
        leases.update(lease.id, { state: 'ending', endReason: fate.reason })
    }
  }

  /** Asks once more before a bid is given up: events may be late. */
  #lapse(lease: HostLease): void {
    const { background, follower, leases } = this.#components
    if (this.#asking.has(lease.id)) return
    this.#asking.add(lease.id)
    background.spawn('asking for a lease', async (signal) => {
      try {
        const record = await follower.refresh(lease.id, signal)
        const current = leases.get(lease.id)
        if (record !== undefined || current?.state !== 'bid') return
        leases.update(lease.id, { state: 'lapsed' })
      } finally {
        this.#asking.delete(lease.id)
      }
    })
  }

  #cleanUp(lease: HostLease): void {
    const { background, clock, leases, ready } = this.#components
    const { id } = lease
    if (!ready()) return
    if (this.#cleaning.has(id) || clock.monotonicMs() < (this.#retryAtMs.get(id) ?? 0)) return
    this.#cleaning.add(id)
    background.spawn('cleaning up after a lease', async (signal) => {
      try {
        await this.#removeAll(lease, signal)
        this.#retryAtMs.delete(id)
        leases.update(id, {
          state: 'ended',
          endedAtMs: clock.nowMs(),
          endedSeconds: this.#components.time.nowSeconds(),
        })
      } catch (error) {
        this.#retryAtMs.set(id, clock.monotonicMs() + retryCleanupMs)
        throw error
      } finally {
        this.#cleaning.delete(id)
      }
    })
  }

  async #removeAll(lease: HostLease, signal: AbortSignal): Promise<void> {
    const { images, networks, runs, workers } = this.#components
    await runs.endLease(lease, lease.endReason ?? 'the lease ended', signal)
    workers.forget(lease.id)
    await networks.remove(lease.id, signal)
    await images.prune(signal)
  }

  /** Lets go of what is over: first the output, then, when the money is in, the lease itself. */
  #retire(lease: HostLease | undefined, record: LeaseRecord | undefined): void {
    if (lease === undefined) return
    const { clock, earnings, leases, settlement } = this.#components
    if (lease.state === 'lapsed') {
      // One that was opened after all has money in it.
      const isOld = clock.nowMs() > lease.bidAtMs + lapsedKeptMs
      if (isOld && record === undefined) leases.remove(lease.id)
      return
    }
    if (lease.state !== 'ended') return
    const sinceMs = clock.nowMs() - (lease.endedAtMs ?? 0)
    if (sinceMs < this.#options.keepOutputMs) return
    const lost = record === undefined && sinceMs > unknownKeptMs
    if (!lease.settled && !lost) return
    if (this.#cleaning.has(lease.id)) return
    this.#cleaning.add(lease.id)
    this.#components.background.spawn('forgetting a lease', async (signal) => {
      try {
        await this.#components.runs.forgetLease(lease.id, signal)
        earnings.add(lease)
        leases.remove(lease.id)
        settlement.forget(lease.id)
        this.#missingSinceMs.delete(lease.id)
      } finally {
        this.#cleaning.delete(lease.id)
      }
    })
  }
}
