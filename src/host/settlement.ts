import { toArtelError } from '#core/errors'
import { type SettlementPolicy, type SettlementStep, settlementStep } from '#core/host-settlement'
import type { LeaseId } from '#core/ids'
import { type LeaseRecord, paid } from '#core/lease'
import type { ChainCall } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import type { HostLease } from '#protocol/host-records'
import type { Background } from './background.ts'
import type { ChainTime } from './chain-time.ts'
import type { LeaseStore } from './lease-store.ts'
import type { LeaseFollower, Outbox } from './ledger-view.ts'

export type SettlementComponents = {
  readonly background: Background
  readonly clock: Clock
  readonly follower: LeaseFollower
  readonly leases: LeaseStore
  readonly log: Log
  readonly outbox: Outbox
  readonly time: ChainTime
}

/** How long after a transaction, or after a refused one, the next is tried. */
const pauseMs = 5_000
const pauseAfterRefusalMs = 15_000

type Call = { readonly call: ChainCall; readonly key: string }

/** Gets the host its money: claims, answers reports, settles, each as one transaction with its own key. */
export class Settlement {
  readonly #components: SettlementComponents
  readonly #policy: SettlementPolicy
  readonly #busy = new Set<LeaseId>()
  readonly #notBeforeMs = new Map<LeaseId, number>()

  constructor(components: SettlementComponents, policy: SettlementPolicy) {
    this.#components = components
    this.#policy = policy
  }

  /** Takes the next step of a lease, if one is due and none is under way. */
  look(lease: HostLease, record: LeaseRecord): void {
    const { leases, time } = this.#components
    if (this.#busy.has(lease.id)) return
    const step = settlementStep(
      record,
      lease.receipt,
      time.nowSeconds(),
      time.headNumber(),
      this.#policy,
    )
    if (step.kind === 'done') {
      const earned = paid(record)
      // A reorganisation may settle it once more, at another time.
      if (!lease.settled || lease.earned !== earned) {
        leases.update(lease.id, { settled: true, earned })
      }
      return
    }
    // Settled and now no longer: a reorganisation took it back.
    if (lease.settled) leases.update(lease.id, { settled: false })
    if (step.kind === 'wait') return
    if (this.#isTooSoon(lease.id)) return
    this.#send(lease, callOf(lease, record, step))
  }

  /** Ends a lease early, at the price that its terms name. */
  quit(lease: HostLease): void {
    if (this.#busy.has(lease.id) || this.#isTooSoon(lease.id)) return
    const key = `quit:${lease.id}:${lease.refusals}`
    this.#send(lease, { call: { kind: 'quit', terms: lease.terms }, key })
  }

  forget(id: LeaseId): void {
    this.#notBeforeMs.delete(id)
  }

  #isTooSoon(id: LeaseId): boolean {
    return this.#components.clock.monotonicMs() < (this.#notBeforeMs.get(id) ?? 0)
  }

  #send(lease: HostLease, { call, key }: Call): void {
    const { background, clock, follower, leases, log, outbox } = this.#components
    const { id } = lease
    this.#busy.add(id)
    background.spawn(`${call.kind} of a lease`, async (signal) => {
      let waitMs = pauseMs
      try {
        await outbox.submit(call, { key }, signal)
        await follower.refresh(id, signal)
        log.info('sent for a lease', { call: call.kind, lease: id })
      } catch (error) {
        signal.throwIfAborted()
        const { code, message } = toArtelError(error)
        waitMs = pauseAfterRefusalMs
        // A refused transaction keeps its key for ever: another attempt needs another.
        if (code === 'reverted' || code === 'balance') {
          leases.update(id, { refusals: (leases.get(id) ?? lease).refusals + 1 })
        }
        log.warn('a transaction for a lease failed', { call: call.kind, lease: id, code, message })
      } finally {
        this.#busy.delete(id)
        this.#notBeforeMs.set(id, clock.monotonicMs() + waitMs)
        leases.notice.notify()
      }
    })
  }
}

const callOf = (
  lease: HostLease,
  record: LeaseRecord,
  step: Exclude<SettlementStep, { kind: 'wait' | 'done' }>,
): Call => {
  const { id, terms, refusals } = lease
  const key = (what: string | number): string => `${step.kind}:${id}:${what}:${refusals}`
  switch (step.kind) {
    case 'claim': {
      const { until, extra } = step.receipt
      const signature = lease.receipt?.signature ?? '0x'
      return { call: { kind: 'claim', terms, until, extra, signature }, key: key(until) }
    }
    case 'claimSilent':
      return { call: { kind: 'claimSilent', terms }, key: key(record.ack) }
    case 'answer':
      // The sender is the host or its operator: then the contract looks at no signature.
      return { call: { kind: 'answer', terms, signature: '0x' }, key: key(record.report?.at ?? 0) }
    case 'resolve':
      return { call: { kind: 'resolve', terms }, key: key(record.report?.at ?? 0) }
    case 'settle':
      return { call: { kind: 'settle', terms }, key: key('') }
  }
}
