import type { Address, DeploymentId, Hash32, LeaseId, Signature } from './ids.ts'
import type { RefusalName } from './lease-refusal.ts'
import type { Rate, TokenAmount } from './money.ts'
import type { Absence, Answer, Receipt, Terms } from './terms.ts'

/** What a guardian or session key may do with its tenant's money. */
export type DelegationLimits = {
  /** The most that may ever be moved, cumulative: what is spent never comes back. */
  readonly cap: TokenAmount
  readonly maxRate: Rate
  /** Seconds between two opens. */
  readonly cooldown: number
  /** The last second in which the delegate may act; 0 revokes. */
  readonly expiry: number
}

export type ClaimItem = {
  readonly terms: Terms
  readonly until: number
  readonly extra: TokenAmount
  /** By `terms.signer` or the tenant over the receipt. */
  readonly signature: Signature
}

/** Every entry point of the contract that changes state. */
export type LeasesCall =
  | { readonly kind: 'deposit'; readonly amount: TokenAmount }
  | { readonly kind: 'withdraw'; readonly to: Address; readonly amount: TokenAmount }
  | { readonly kind: 'setOperator'; readonly key: Address; readonly allowed: boolean }
  | {
      readonly kind: 'authorize'
      readonly delegate: Address
      readonly deployment: DeploymentId
      readonly limits: DelegationLimits
    }
  | {
      readonly kind: 'open'
      readonly terms: Terms
      readonly deposit: TokenAmount
      /** By the host or its operator over the terms. */
      readonly signature: Signature
    }
  | { readonly kind: 'topUp'; readonly terms: Terms; readonly amount: TokenAmount }
  | ({ readonly kind: 'claim' } & ClaimItem)
  | { readonly kind: 'claimSilent'; readonly terms: Terms }
  | { readonly kind: 'close'; readonly terms: Terms }
  | { readonly kind: 'quit'; readonly terms: Terms }
  | { readonly kind: 'report'; readonly terms: Terms }
  /** The signature is not looked at when the sender is the host or its operator. */
  | { readonly kind: 'answer'; readonly terms: Terms; readonly signature: Signature }
  | { readonly kind: 'resolve'; readonly terms: Terms }
  | {
      readonly kind: 'resolveAbsent'
      readonly terms: Terms
      readonly from: number
      /** How many of the observers must have signed. */
      readonly quorum: number
      /** As committed in the terms: sorted, no duplicates. */
      readonly observers: readonly Address[]
      /** One per observer in the same order, `0x` where it did not sign. */
      readonly signatures: readonly Signature[]
    }
  | { readonly kind: 'settle'; readonly terms: Terms }
  | { readonly kind: 'claimBatch'; readonly items: readonly ClaimItem[] }
  | { readonly kind: 'settleBatch'; readonly items: readonly Terms[] }

/** What the contract emits, in the order of emission; `id` is the lease's. */
export type LeasesEvent =
  | { readonly kind: 'Deposited'; readonly account: Address; readonly amount: TokenAmount }
  | {
      readonly kind: 'Withdrawn'
      readonly account: Address
      readonly to: Address
      readonly amount: TokenAmount
    }
  | {
      readonly kind: 'OperatorSet'
      readonly account: Address
      readonly key: Address
      readonly allowed: boolean
    }
  | {
      readonly kind: 'Authorized'
      readonly tenant: Address
      readonly delegate: Address
      readonly deployment: DeploymentId
      readonly limits: DelegationLimits
    }
  | {
      readonly kind: 'Opened'
      readonly id: LeaseId
      readonly terms: Terms
      readonly deposit: TokenAmount
      readonly opened: number
    }
  | {
      readonly kind: 'ToppedUp'
      readonly id: LeaseId
      readonly by: Address
      readonly amount: TokenAmount
    }
  /** Payment moved forward; `amount` went to the host by this event. */
  | {
      readonly kind: 'Claimed'
      readonly id: LeaseId
      readonly ack: number
      readonly extra: TokenAmount
      readonly amount: TokenAmount
    }
  | ({ readonly kind: 'Closed'; readonly id: LeaseId; readonly by: Address } & Settlement)
  | {
      readonly kind: 'Quit'
      readonly id: LeaseId
      readonly ended: number
      readonly fee: TokenAmount
    }
  | { readonly kind: 'Reported'; readonly id: LeaseId; readonly by: Address; readonly at: number }
  /** An open report came to nothing: its `fee` and, for service until `ack`, `amount` went to the host. */
  | {
      readonly kind: 'Answered'
      readonly id: LeaseId
      readonly reported: number
      readonly ack: number
      readonly amount: TokenAmount
      readonly fee: TokenAmount
    }
  /** The host did not answer, or was `absent` by its observers' word. */
  | ({ readonly kind: 'Resolved'; readonly id: LeaseId; readonly absent: boolean } & Settlement)
  | ({ readonly kind: 'Settled'; readonly id: LeaseId } & Settlement)
  /** An item of a batch was refused and left out. */
  | { readonly kind: 'Skipped'; readonly id: LeaseId; readonly refusal: RefusalName }

/** How a settled lease's escrow was divided: service until `ack`, fees of reports apart. */
export type Settlement = {
  readonly ack: number
  readonly toHost: TokenAmount
  readonly toTenant: TokenAmount
}

export type LeasesEnv = {
  readonly sender: Address
  readonly nowSeconds: number
  readonly blockNumber: number
}

/** What is signed for the contract. */
export type SignedMessage =
  | { readonly kind: 'terms'; readonly terms: Terms }
  | { readonly kind: 'receipt'; readonly receipt: Receipt }
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'absence'; readonly absence: Absence }

/** Hashes and signatures of one chain and contract: pure functions that the core is lent. */
export type LeaseSigning = {
  leaseIdOf(terms: Terms): LeaseId
  /** keccak256(abi.encode(quorum, observers)), what `terms.observers` commits to. */
  observersOf(quorum: number, observers: readonly Address[]): Hash32
  /** The account of an ECDSA signature with low s, or undefined when it is none. */
  signerOf(message: SignedMessage, signature: Signature): Address | undefined
  /** Whether the contract at `account` accepts the signature (ERC-1271). */
  accepts(account: Address, message: SignedMessage, signature: Signature): boolean
}
