import type { LeaseUse } from '#core/deployment'
import { exhausted, statusAt } from '#core/lease'
import { type Situation, secondsOf } from './situation.ts'

export type LeaseHealth =
  | { readonly kind: 'well' }
  /** Nothing heard for too long, or the stream broke for good. */
  | { readonly kind: 'silent'; readonly message: string }
  /** Ended on chain by the host, or superseded. */
  | { readonly kind: 'quit' }
  /** The deposit is used up. */
  | { readonly kind: 'exhausted' }

/** Whether the lease still serves, seen from the chain and from the host's stream. */
export const healthOf = ({ observed, nowMs, policy }: Situation, use: LeaseUse): LeaseHealth => {
  const now = secondsOf(nowMs)
  const lease = observed.chain.get(use.deal.id)
  if (lease !== undefined) {
    if (now >= exhausted(lease)) return { kind: 'exhausted' }
    if (lease.ended !== undefined || statusAt(lease, now) === 'settled') return { kind: 'quit' }
  }
  const live = observed.live.get(use.deal.id)
  if (live === undefined) return { kind: 'well' }
  if (live.dead) return { kind: 'silent', message: 'the connection broke and cannot be restored' }
  const silentMs = nowMs - live.heardAtMs
  if (silentMs < policy.silenceMs) return { kind: 'well' }
  return { kind: 'silent', message: `nothing heard for ${Math.round(silentMs / 1000)} s` }
}
