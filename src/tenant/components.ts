import type { Listing } from '#core/scheduling/listing'
import type { SupervisionPolicy } from '#core/scheduling/policy'
import type { Caller } from '#peers/caller'
import type { Blobs } from '#ports/blobs'
import type { Chain } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Engine } from '#ports/engine'
import type { Log } from '#ports/log'
import type { Random } from '#ports/random'
import type { Records } from '#ports/records'
import type { Signer } from '#ports/signer'
import type { Spools } from '#ports/spools'
import type { Follower, Outbox } from './ledger-ports.ts'

/** Offers as the scheduler reads them, the tenant's knowledge of their hosts included. */
export type Listings = {
  readonly all: () => readonly Listing[]
  /** Calls `handler` when offers come, change or go, until the returned function is called. */
  readonly onChange: (handler: () => void) => () => void
  /** Ends listening. */
  readonly stop: () => void
}

export type TenantChain = Pick<
  Chain,
  'info' | 'balance' | 'tokenBalance' | 'gasBalanceWei' | 'isOperator' | 'allowance'
>

/** What the parts of a tenant are made of. */
export type TenantParts = {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly records: Records
  readonly blobs: Blobs
  readonly spools: Spools
  readonly signer: Signer
  readonly chain: TenantChain
  readonly outbox: Outbox
  readonly follower: Follower
  readonly caller: Caller
  readonly listings: Listings
  /** Asks neighbours for offers; the answers are in `listings`. Never throws for want of neighbours. */
  readonly refreshMarket: (signal: AbortSignal) => Promise<void>
  /** The tenant's own engine, where it has one: for images that exist nowhere else. */
  readonly engine?: Engine
}

export type TenantLimits = {
  readonly policy: SupervisionPolicy
  /** Output kept per run. */
  readonly spoolBytesMax: number
  /** An output path brought home. */
  readonly outputBytesMax: number
  readonly runsMax: number
}
