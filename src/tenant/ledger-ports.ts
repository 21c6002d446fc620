import type { Hash32, LeaseId } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import type { BlockRef, ChainCall, LoggedEvent } from '#ports/chain'

/** What the tenant needs of the outbox: one key is one transaction, however often it is submitted. */
export type Outbox = {
  /**
   * Resolves when the transaction is included and succeeded. Throws 'reverted' (the contract's error name is
   * in the message), 'gas', or 'unavailable' while the chain cannot be reached; then submit again.
   */
  readonly submit: (
    call: ChainCall,
    options: { readonly key: string },
    signal: AbortSignal,
  ) => Promise<{ readonly transaction: Hash32; readonly feeWei: bigint }>
}

/** What the tenant needs of the follower of the leases contract. */
export type Follower = {
  readonly lease: (id: LeaseId) => LeaseRecord | undefined
  readonly leases: () => readonly LeaseRecord[]
  /** Calls `handler` for every event until the returned function is called. */
  readonly onEvent: (handler: (logged: LoggedEvent) => void) => () => void
  /** Calls `handler` for every told event that a reorganisation took back. */
  readonly onUndone: (handler: (logged: LoggedEvent) => void) => () => void
  /** Throws 'timeout'. */
  readonly waitFor: (
    id: LeaseId,
    predicate: (lease: LeaseRecord) => boolean,
    timeoutMs: number,
    signal: AbortSignal,
  ) => Promise<LeaseRecord>
  /** Reads the lease from the chain now. */
  readonly refresh: (id: LeaseId, signal: AbortSignal) => Promise<LeaseRecord | undefined>
  readonly head: () => BlockRef | undefined
}
