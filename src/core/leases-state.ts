import type { LeaseSigning, LeasesCall, LeasesEnv, LeasesEvent } from './lease-calls.ts'
import {
  advance,
  answerOne,
  asParty,
  type Call,
  type Context,
  claimOne,
  quitOne,
  reportOne,
  resolveByObservers,
  topUpOne,
} from './lease-entry.ts'
import { open } from './lease-open.ts'
import { type Refused, refused } from './lease-refusal.ts'
import { claimSilent, close, resolve, settle } from './lease-transitions.ts'
import {
  type Applied,
  credit,
  debit,
  delegationKey,
  type LeasesState,
  withDelegation,
  withOperator,
} from './lease-vault.ts'
import { noTokens } from './money.ts'
import type { Terms } from './terms.ts'

export type {
  ClaimItem,
  DelegationLimits,
  LeaseSigning,
  LeasesCall,
  LeasesEnv,
  LeasesEvent,
  Settlement,
  SignedMessage,
} from './lease-calls.ts'
export type { RefusalName, Refused } from './lease-refusal.ts'
export type { Applied, Delegation, LeasesState } from './lease-vault.ts'

const withdraw = ({ state, env }: Context, call: Call<'withdraw'>): Applied | Refused => {
  const { to, amount } = call
  const charged = debit(state, env.sender, amount)
  if (charged === undefined) return refused('InsufficientBalance')
  return {
    ok: true,
    state: charged,
    events: [{ kind: 'Withdrawn', account: env.sender, to, amount }],
  }
}

const authorize = ({ state, env }: Context, call: Call<'authorize'>): Applied => {
  const { delegate, deployment, limits } = call
  const key = delegationKey(env.sender, delegate, deployment)
  const before = state.delegations.get(key)
  const history = { spent: before?.spent ?? noTokens, lastOpen: before?.lastOpen ?? 0 }
  return {
    ok: true,
    state: withDelegation(state, key, { ...limits, ...history }),
    events: [{ kind: 'Authorized', tenant: env.sender, delegate, deployment, limits }],
  }
}

/** Applies each item on its own; a refused one is left out and told. */
const batch = <Item>(
  context: Context,
  items: readonly Item[],
  termsOf: (item: Item) => Terms,
  one: (context: Context, item: Item) => Applied | Refused,
): Applied => {
  const events: LeasesEvent[] = []
  let { state } = context
  for (const item of items) {
    const result = one({ ...context, state }, item)
    if (result.ok) {
      state = result.state
      events.push(...result.events)
    } else {
      const id = context.signing.leaseIdOf(termsOf(item))
      events.push({ kind: 'Skipped', id, refusal: result.refusal })
    }
  }
  return { ok: true, state, events }
}

const deposit = ({ state, env }: Context, call: Call<'deposit'>): Applied => ({
  ok: true,
  state: credit(state, env.sender, call.amount),
  events: [{ kind: 'Deposited', account: env.sender, amount: call.amount }],
})

const setOperator = ({ state, env }: Context, call: Call<'setOperator'>): Applied => ({
  ok: true,
  state: withOperator(state, env.sender, call.key, call.allowed),
  events: [{ kind: 'OperatorSet', account: env.sender, key: call.key, allowed: call.allowed }],
})

/**
 * The contract as a pure function: what a call changes and emits, or why it is refused.
 * The executable specification of `contracts/src/Leases.sol`: refusals come in the same order.
 */
export const apply = (
  state: LeasesState,
  call: LeasesCall,
  env: LeasesEnv,
  signing: LeaseSigning,
): Applied | Refused => {
  const context = { state, env, signing }
  switch (call.kind) {
    case 'deposit':
      return deposit(context, call)
    case 'withdraw':
      return withdraw(context, call)
    case 'setOperator':
      return setOperator(context, call)
    case 'authorize':
      return authorize(context, call)
    case 'open':
      return open(state, call, env, signing)
    case 'topUp':
      return topUpOne(context, call)
    case 'claim':
      return claimOne(context, call)
    case 'claimSilent':
      return advance(context, call.terms, claimSilent)
    case 'close':
      return asParty(context, call.terms, close)
    case 'quit':
      return quitOne(context, call.terms)
    case 'report':
      return reportOne(context, call.terms)
    case 'answer':
      return answerOne(context, call)
    case 'resolve':
      return advance(context, call.terms, resolve)
    case 'resolveAbsent':
      return resolveByObservers(context, call)
    case 'settle':
      return advance(context, call.terms, settle)
    case 'claimBatch':
      return batch(context, call.items, (item) => item.terms, claimOne)
    case 'settleBatch':
      return batch(
        context,
        call.items,
        (terms) => terms,
        (one, terms) => advance(one, terms, settle),
      )
  }
}
