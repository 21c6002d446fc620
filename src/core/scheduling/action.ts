import type { LeaseDeal } from '#core/deployment'
import type { DeploymentEvent } from '#core/deployment-event'
import type { LeaseId } from '#core/ids'
import type { TokenAmount } from '#core/money'
import type { Ranked } from './rank.ts'

type Keyed = {
  /** Same key, same effect: whoever executes plans runs one action per key at a time. */
  readonly key: string
}
type OfLease = Keyed & { readonly deal: LeaseDeal }

/** Distributes `Omit` over a union. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** One step of a plan. What a plan leaves out is to be stopped, what it repeats is to go on. */
export type Action =
  /** Ask the first of `candidates` for bids, take the best, journal `opening`. */
  | (Keyed & {
      readonly kind: 'place'
      readonly epoch: number
      readonly previous: LeaseId
      readonly candidates: readonly Ranked[]
    })
  /** Put the deal on chain; resumes a transaction that was sent before. */
  | (OfLease & { readonly kind: 'open' })
  /** Hear from the host for as long as the lease lasts. */
  | (OfLease & { readonly kind: 'watch' })
  /** Bring image and inputs, create and start the container, or find out how it stands. */
  | (OfLease & { readonly kind: 'start' })
  /** Bring the output home as it comes. */
  | (OfLease & { readonly kind: 'follow' })
  | (OfLease & { readonly kind: 'stop'; readonly graceSeconds: number })
  | (OfLease & { readonly kind: 'top-up'; readonly amount: TokenAmount })
  | (OfLease & { readonly kind: 'send-receipt'; readonly untilSeconds: number })
  | (OfLease & { readonly kind: 'fetch-outputs' })
  /** Settle with the chain; journals `closing` before and `closed` after. */
  | (OfLease & { readonly kind: 'close' })
  /** Nothing but a line in the journal: a decision. */
  | (Keyed & { readonly kind: 'record'; readonly event: Without<DeploymentEvent, 'atMs'> })

export type Plan = {
  readonly actions: readonly Action[]
  /** When to look again although nothing was heard; absent = only when something happens. */
  readonly wakeAtMs?: number
  /** What the instance waits for, in words for a person. */
  readonly waitingFor?: string
}

export const record = (key: string, event: Without<DeploymentEvent, 'atMs'>): Action => ({
  kind: 'record',
  key,
  event,
})

/** Both plans at once. */
export const merge = (a: Plan, b: Plan): Plan => {
  const wakes = [a.wakeAtMs, b.wakeAtMs].filter((wake) => wake !== undefined)
  const waitingFor = a.waitingFor ?? b.waitingFor
  return {
    actions: [...a.actions, ...b.actions],
    ...(wakes.length === 0 ? {} : { wakeAtMs: Math.min(...wakes) }),
    ...(waitingFor === undefined ? {} : { waitingFor }),
  }
}
