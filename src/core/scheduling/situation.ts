import type { DeploymentState } from '#core/deployment'
import type { LeaseId } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import type { SupervisionPolicy } from './policy.ts'
import type { Ranked } from './rank.ts'

/** What was last heard of a lease's host. */
export type Liveness = {
  readonly heardAtMs: number
  /** The stream broke and could not be opened again. */
  readonly dead: boolean
  /** The host's reason to end the lease. */
  readonly ending?: string
  /** Until when service was acknowledged to the host, Unix seconds. */
  readonly receiptUntilSeconds: number
}

/** The facts of one instance at one moment. */
export type Observed = {
  readonly state: DeploymentState
  readonly chain: ReadonlyMap<LeaseId, LeaseRecord>
  readonly live: ReadonlyMap<LeaseId, Liveness>
  /** Whether everything typed so far could be typed again into a new container. */
  readonly inputReplayable: boolean
  /** All output of the ended container is here. */
  readonly outputComplete: boolean
}

/** A snapshot of what is for sale: hosts that fit the instance, best first, without those named. */
export type MarketSnapshot = {
  readonly candidates: (avoid: ReadonlySet<string>) => readonly Ranked[]
}

export type Situation = {
  readonly observed: Observed
  readonly market: MarketSnapshot
  readonly nowMs: number
  readonly policy: SupervisionPolicy
}

export const secondsOf = (ms: number): number => Math.floor(ms / 1000)
