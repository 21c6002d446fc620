import type { Chain } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Signer } from '#ports/signer'
import type { Entry } from './outbox-entry.ts'

type Parts = {
  readonly chain: Chain
  readonly clock: Clock
  readonly signer: Signer
  readonly underway: () => readonly Entry[]
}

export type Nonces = {
  /** The lowest nonce that nothing included or underway holds, as far as this node knows. */
  readonly next: (signal: AbortSignal) => Promise<number>
  readonly used: (nonce: number) => void
}

/** How long a nonce is believed while nothing is underway. */
const freshMs = 2000

/** Counts nonces without asking the chain for each. */
export const createNonces = ({ chain, clock, signer, underway }: Parts): Nonces => {
  let cached: { readonly next: number; readonly atMs: number } | undefined
  return {
    next: async (signal) => {
      const held = underway().flatMap(({ signed }) => (signed ? [signed.nonce + 1] : []))
      const stale = held.length === 0 && clock.monotonicMs() - (cached?.atMs ?? 0) > freshMs
      if (cached === undefined || stale) {
        return Math.max(await chain.nonce(signer.address, signal), ...held)
      }
      return Math.max(cached.next, ...held)
    },
    used: (nonce) => {
      cached = { next: nonce + 1, atMs: clock.monotonicMs() }
    },
  }
}
