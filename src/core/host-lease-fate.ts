import { exhausted, type LeaseRecord, statusAt } from './lease.ts'

/** Where a lease stands for its host: `lapsed` bids may still turn up on a chain that was slow. */
export type HostLeaseState = 'bid' | 'lapsed' | 'running' | 'ending' | 'ended'

export type FateInput = {
  readonly state: HostLeaseState
  readonly bidExpiry: number
  /** What the chain says, once it is confirmed; undefined = it knows no such lease. */
  readonly record: LeaseRecord | undefined
  /** The chain's time, Unix seconds. */
  readonly now: number
  /** Time of the newest block that was looked at. */
  readonly headSeconds: number
  /** Seconds since a lease that was running was last seen on the chain; 0 while it is there. */
  readonly missingSeconds: number
}

export type Fate =
  | { readonly kind: 'keep' | 'run' | 'lapse' }
  | { readonly kind: 'end'; readonly reason: string }

/** How long a bid may show up after its expiry when no newer block says that it cannot. */
export const lapseGraceSeconds = 60
/** How long a running lease may be missing from a chain that reorganises. */
export const missingSecondsMax = 120

const keep: Fate = { kind: 'keep' }

const endReason = (record: LeaseRecord, now: number): string | undefined => {
  const status = statusAt(record, now)
  if (status === 'running' || (status === 'reported' && record.ended === undefined)) {
    if (now < exhausted(record)) return undefined
    return record.terms.rate === 0n ? 'the agreed time is over' : 'the deposit is used up'
  }
  if (status === 'settled') return 'the lease was closed'
  if (record.quit) return 'the host quit'
  return record.ended === undefined ? 'the deposit is used up' : 'a newer lease took its place'
}

const waiting = (input: FateInput): Fate => {
  if (input.state === 'lapsed') return keep
  const surely = input.headSeconds > input.bidExpiry
  return surely || input.now > input.bidExpiry + lapseGraceSeconds ? { kind: 'lapse' } : keep
}

/** What becomes of a lease, from what its host knows and what the chain says. */
export const leaseFate = (input: FateInput): Fate => {
  const { state, record, now } = input
  if (state === 'ending' || state === 'ended') return keep
  if (record === undefined) {
    if (state !== 'running') return waiting(input)
    return input.missingSeconds > missingSecondsMax
      ? { kind: 'end', reason: 'the chain no longer knows the lease' }
      : keep
  }
  const reason = endReason(record, now)
  if (reason !== undefined) return { kind: 'end', reason }
  return state === 'running' ? keep : { kind: 'run' }
}
