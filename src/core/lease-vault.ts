import type { Address, LeaseId } from './ids.ts'
import type { LeaseRecord } from './lease.ts'
import type { DelegationLimits, LeasesEvent } from './lease-calls.ts'
import { noTokens, type TokenAmount, tokenAmount } from './money.ts'
import { PersistentMap } from './persistent-map.ts'
import type { LeaseKey } from './terms.ts'

/** What a tenant lets a delegate do, and what it has done. */
export type Delegation = DelegationLimits & {
  readonly spent: TokenAmount
  /** Unix seconds of its last open, 0 before the first. */
  readonly lastOpen: number
}

/** All that the contract stores. Immutable: a call makes a new one that shares most of the old. */
export type LeasesState = {
  readonly balances: PersistentMap<TokenAmount>
  /** Keyed by `operatorKey`. */
  readonly operators: PersistentMap<boolean>
  /** Keyed by `delegationKey`. */
  readonly delegations: PersistentMap<Delegation>
  readonly leases: PersistentMap<LeaseRecord>
  /** The newest lease of each instance, keyed by `keyOf`. */
  readonly current: PersistentMap<LeaseId>
}

export type Applied = {
  readonly ok: true
  readonly state: LeasesState
  readonly events: readonly LeasesEvent[]
}

export const emptyLeases: LeasesState = {
  balances: new PersistentMap<TokenAmount>(),
  operators: new PersistentMap<boolean>(),
  delegations: new PersistentMap<Delegation>(),
  leases: new PersistentMap<LeaseRecord>(),
  current: new PersistentMap<LeaseId>(),
}

/** The lock of an instance as a map key: leases with the same one succeed each other. */
export const keyOf = (key: LeaseKey): string => `${key.tenant}/${key.deployment}/${key.instance}`

const operatorKey = (account: Address, key: Address): string => `${account}/${key}`

export const delegationKey = (tenant: Address, delegate: Address, deployment: string): string =>
  `${tenant}/${delegate}/${deployment}`

export const balanceOf = (state: LeasesState, account: Address): TokenAmount =>
  state.balances.get(account) ?? noTokens

export const credit = (state: LeasesState, account: Address, amount: bigint): LeasesState =>
  amount === 0n
    ? state
    : {
        ...state,
        balances: state.balances.with(account, tokenAmount(balanceOf(state, account) + amount)),
      }

/** The state with `amount` taken from `account`, or undefined when it has less. */
export const debit = (
  state: LeasesState,
  account: Address,
  amount: bigint,
): LeasesState | undefined =>
  balanceOf(state, account) < amount ? undefined : credit(state, account, -amount)

export const withLease = (state: LeasesState, lease: LeaseRecord): LeasesState => ({
  ...state,
  leases: state.leases.with(lease.id, lease),
})

export const withOperator = (
  state: LeasesState,
  account: Address,
  key: Address,
  allowed: boolean,
): LeasesState => ({
  ...state,
  operators: state.operators.with(operatorKey(account, key), allowed),
})

/** Whether `key` may sign for `account`: itself or its operator. */
export const speaksFor = (state: LeasesState, key: Address, account: Address): boolean =>
  key === account || state.operators.get(operatorKey(account, key)) === true

export const withDelegation = (
  state: LeasesState,
  key: string,
  delegation: Delegation,
): LeasesState => ({ ...state, delegations: state.delegations.with(key, delegation) })

/** The delegation of `delegate` that is in force at `now`. */
export const liveDelegation = (
  state: LeasesState,
  terms: LeaseKey,
  delegate: Address,
  now: number,
): Delegation | undefined => {
  const found = state.delegations.get(delegationKey(terms.tenant, delegate, terms.deployment))
  return found === undefined || now > found.expiry ? undefined : found
}
