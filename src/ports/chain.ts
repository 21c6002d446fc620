import type { Address, Hash32, Hex, LeaseId } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import type { LeasesCall, LeasesEvent } from '#core/leases-state'
import type { TokenAmount, TokenInfo } from '#core/money'
import type { LeaseKey } from '#core/terms'

export type BlockRef = {
  readonly number: number
  readonly hash: Hash32
  readonly parent: Hash32
  readonly timestampSeconds: number
}

/** Which deployment of the contracts this is; everything signed commits to chainId and leases. */
export type ChainInfo = {
  readonly chainId: number
  readonly leases: Address
  readonly hosts: Address
  readonly token: Address
  readonly tokenInfo: TokenInfo
}

/** An entry of the `Hosts` directory: where a host may be found when no peer is known. */
export type HostsEvent = {
  readonly kind: 'announced'
  readonly host: Address
  readonly operator: Address
  readonly record: Hex
}

export type LoggedEvent = {
  readonly event: LeasesEvent | HostsEvent
  readonly block: BlockRef
  readonly transaction: Hash32
  readonly logIndex: number
}

/** Everything a node may ask a chain to do: the contract's entry points and the token's. */
export type ChainCall =
  | LeasesCall
  | { readonly kind: 'approve'; readonly amount: TokenAmount }
  | { readonly kind: 'mint'; readonly to: Address; readonly amount: TokenAmount }
  | { readonly kind: 'announce'; readonly operator: Address; readonly record: Hex }
  | { readonly kind: 'transferGas'; readonly to: Address; readonly wei: bigint }

export type SignedTransaction = {
  readonly hash: Hash32
  /** What is broadcast, byte for byte, so that sending it twice does no harm. */
  readonly raw: Hex
  readonly nonce: number
}

export type TransactionState =
  | { readonly status: 'unknown' | 'pending' }
  | {
      readonly status: 'included'
      readonly block: BlockRef
      readonly succeeded: boolean
      /** Custom error name of the contract when it reverted and the reason could be found. */
      readonly refusal?: string
      readonly gasUsed: bigint
      readonly feeWei: bigint
    }

export type CallOutlook =
  | { readonly ok: true; readonly gas: bigint }
  | { readonly ok: false; readonly refusal: string }

/**
 * One deployment of the contracts on one EVM chain, seen through one endpoint. Reads are of the newest
 * block and may be undone by a reorganisation. Errors: 'unavailable' (the endpoint does not answer in
 * time), 'wrong-chain', 'corrupt' (an answer that does not parse). Reads may be retried freely.
 */
export type Chain = {
  readonly info: ChainInfo
  readonly head: (signal: AbortSignal) => Promise<BlockRef>
  readonly block: (number: number, signal: AbortSignal) => Promise<BlockRef | undefined>
  /** New heads as they come, at least every few seconds where the chain moves; skips heads for a slow reader. */
  readonly heads: (signal: AbortSignal) => AsyncIterable<BlockRef>
  /** Events of blocks `from`..`to` inclusive, in order; at most `blocksPerQueryMax` blocks. */
  readonly events: (
    from: number,
    to: number,
    signal: AbortSignal,
  ) => Promise<readonly LoggedEvent[]>
  readonly lease: (id: LeaseId, signal: AbortSignal) => Promise<LeaseRecord | undefined>
  /** The lease that holds the key, or the zero hash. */
  readonly current: (key: LeaseKey, signal: AbortSignal) => Promise<LeaseId>
  /** Free balance in the vault. */
  readonly balance: (account: Address, signal: AbortSignal) => Promise<TokenAmount>
  readonly tokenBalance: (account: Address, signal: AbortSignal) => Promise<TokenAmount>
  readonly allowance: (account: Address, signal: AbortSignal) => Promise<TokenAmount>
  readonly gasBalanceWei: (account: Address, signal: AbortSignal) => Promise<bigint>
  /** The next nonce counting included transactions only. */
  readonly nonce: (account: Address, signal: AbortSignal) => Promise<number>
  readonly isOperator: (account: Address, key: Address, signal: AbortSignal) => Promise<boolean>
  /** What the call would do now, without sending it. */
  readonly outlook: (call: ChainCall, from: Address, signal: AbortSignal) => Promise<CallOutlook>
  /** Signs with the node's key. `feeFactor` >= 1 raises the fees of a replacement. */
  readonly sign: (
    call: ChainCall,
    options: { readonly nonce: number; readonly gas: bigint; readonly feeFactor: number },
    signal: AbortSignal,
  ) => Promise<SignedTransaction>
  /** Idempotent: a transaction already known or included is no error. Throws 'gas' when the account cannot pay. */
  readonly broadcast: (transaction: SignedTransaction, signal: AbortSignal) => Promise<void>
  readonly transaction: (hash: Hash32, signal: AbortSignal) => Promise<TransactionState>
}

export const blocksPerQueryMax = 1000
