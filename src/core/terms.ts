import type { Address, DeploymentId, Hash32, InstanceId, LeaseId } from './ids.ts'
import type { Rate, TokenAmount } from './money.ts'

/**
 * The bid and the deal: what a host signs and what `open` puts into force.
 * The lease id is its EIP-712 struct hash. Times are Unix seconds, durations seconds.
 */
export type Terms = {
  readonly tenant: Address
  readonly host: Address
  /** The hot key that speaks for the tenant to the host: signs receipts, reports, calls peers. */
  readonly signer: Address
  readonly deployment: DeploymentId
  readonly instance: InstanceId
  /** 1 for the first lease of a key (tenant, deployment, instance), then one more than its predecessor's. */
  readonly epoch: number
  readonly previous: LeaseId
  /** What the host promises: the hash of the manifest (`core/manifest.ts`). */
  readonly manifest: Hash32
  /** keccak256(abi.encode(k, sorted addresses)) or 0 = none. */
  readonly observers: Hash32
  readonly rate: Rate
  /** The most that metered extras may cost over the whole lease. */
  readonly extraMax: TokenAmount
  readonly bond: TokenAmount
  readonly quitFee: TokenAmount
  readonly reportFee: TokenAmount
  /** Until when the host promises to serve; ends a lease of rate 0. */
  readonly committed: number
  readonly bidExpiry: number
  /** Seconds that are paid whatever happens. */
  readonly minimum: number
  /** Seconds without a receipt before a report may be filed. */
  readonly silence: number
  /** W: how long before the end of the known service the host may claim without a receipt. */
  readonly window: number
  readonly answerIn: number
}

/** A tenant's signed acknowledgement of service until `until` (Unix seconds) and `extra` metered so far. */
export type Receipt = {
  readonly lease: LeaseId
  readonly until: number
  readonly extra: TokenAmount
}
/** A host's signed sign of life against the report made at `reported`. */
export type Answer = { readonly lease: LeaseId; readonly reported: number }
/** An observer's signed word that the host has been absent since `from`. */
export type Absence = { readonly lease: LeaseId; readonly from: number }

/** The lock of an instance: only one lease per key earns at a time. */
export type LeaseKey = Pick<Terms, 'tenant' | 'deployment' | 'instance'>
