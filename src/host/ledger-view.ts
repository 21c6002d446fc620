import type { LeaseId } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import type { BlockRef, ChainCall, LoggedEvent } from '#ports/chain'

/** What a host needs of whoever follows the chain. */
export type LeaseFollower = {
  /** The lease as it was last seen, without asking. */
  readonly lease: (id: LeaseId) => LeaseRecord | undefined
  /** Asks the chain; undefined when it knows no such lease. Throws 'unavailable'. */
  readonly refresh: (id: LeaseId, signal: AbortSignal) => Promise<LeaseRecord | undefined>
  /** The newest block, or undefined before the first. */
  readonly head: () => BlockRef | undefined
  /** Calls `listener` for events as they come, until the returned function is called. */
  readonly onEvent: (listener: (event: LoggedEvent) => void) => () => void
  /** The same for events that a reorganisation took back. */
  readonly onUndone: (listener: (event: LoggedEvent) => void) => () => void
}

/** What a host needs of whoever sends transactions: the same key sends one transaction, however often asked. */
export type Outbox = {
  readonly submit: (
    call: ChainCall,
    options: { readonly key: string },
    signal: AbortSignal,
  ) => Promise<unknown>
}
