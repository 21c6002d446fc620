import { type Address, parseAddress, zeroHash } from '#core/ids'
import { exhausted, type LeaseRecord } from '#core/lease'
import { type Applied, apply, type LeasesEvent, type LeasesState } from '#core/leases-state'
import { tokenAmount } from '#core/money'

export type Apply = typeof apply

/** What a bug makes of an outcome. */
type Spoil = (before: LeasesState, applied: Applied, now: number) => Applied

const withLease = (state: LeasesState, lease: LeaseRecord): LeasesState => ({
  ...state,
  leases: state.leases.with(lease.id, lease),
})

const withBalance = (state: LeasesState, account: Address, change: bigint): LeasesState => ({
  ...state,
  balances: state.balances.with(account, tokenAmount((state.balances.get(account) ?? 0n) + change)),
})

/** Changes every lease that the events of `kinds` name. */
const onEvents =
  (
    kinds: readonly LeasesEvent['kind'][],
    change: (lease: LeaseRecord, now: number) => LeaseRecord,
  ): Spoil =>
  (_before, applied, now) => {
    let { state } = applied
    for (const event of applied.events) {
      if (!kinds.includes(event.kind) || !('id' in event)) continue
      const lease = state.leases.get(event.id)
      if (lease !== undefined) state = withLease(state, change(lease, now))
    }
    return { ...applied, state }
  }

/** Changes how a close divides escrow: by so much more for the host and for the tenant, as it says or in secret. */
const onClose =
  (
    change: (bond: bigint) => { readonly host: bigint; readonly tenant: bigint },
    secret: boolean,
  ): Spoil =>
  (before, applied) => {
    let { state } = applied
    const events = applied.events.map((event) => {
      const lease = event.kind === 'Closed' ? before.leases.get(event.id) : undefined
      if (event.kind !== 'Closed' || lease === undefined) return event
      const { host, tenant } = change(lease.bondLeft)
      state = withBalance(state, lease.terms.host, host)
      state = withBalance(state, lease.terms.tenant, tenant)
      if (secret) return event
      return {
        ...event,
        toHost: tokenAmount(event.toHost + host),
        toTenant: tokenAmount(event.toTenant + tenant),
      }
    })
    return { ...applied, state, events }
  }

/** An open moves its predecessor with `change`, after the real open did. */
const onPredecessor =
  (change: (lease: LeaseRecord, before: LeaseRecord) => LeaseRecord): Spoil =>
  (before, applied) => {
    let { state } = applied
    for (const event of applied.events) {
      if (event.kind !== 'Opened' || event.terms.previous === zeroHash) continue
      const now = state.leases.get(event.terms.previous)
      const was = before.leases.get(event.terms.previous)
      if (now !== undefined && was !== undefined) state = withLease(state, change(now, was))
    }
    return { ...applied, state }
  }

/** A deposit is taken from somebody else's balance. */
const takeFromNeighbour: Spoil = (_before, applied) => {
  const deposited = applied.events.find((event) => event.kind === 'Deposited')
  if (deposited?.kind !== 'Deposited') return applied
  for (const [key, balance] of applied.state.balances.entries()) {
    const victim = parseAddress(key)
    if (victim === undefined || victim === deposited.account || balance === 0n) continue
    const robbed = withBalance(applied.state, victim, -1n)
    return { ...applied, state: withBalance(robbed, deposited.account, 1n) }
  }
  return applied
}

/** A bug in the contract, by the checker that must find it. */
export const contractPlants = {
  'money-conserved': onClose(() => ({ host: 1n, tenant: 0n }), true),
  'events-tell-money': onClose(() => ({ host: -1n, tenant: 1n }), true),
  'bonds-lost-fairly': onClose((bond) => ({ host: -bond, tenant: bond }), false),
  'paid-within-deposit': onEvents(['Claimed', 'Closed'], (lease) => ({
    ...lease,
    ack: exhausted(lease) + 3600,
  })),
  'settled-final': onEvents(['Claimed', 'Closed'], (lease) => ({
    ...lease,
    ack: lease.opened - 1,
  })),
  'one-earns': onPredecessor((lease, before) => {
    const { ended: _, ...running } = lease
    return { ...running, status: before.status }
  }),
  'outsiders-take-nothing': takeFromNeighbour,
  'supersede-keeps-debts': onPredecessor((lease) => ({ ...lease, ended: lease.opened })),
  'charged-for-time-open': onEvents(['Closed'], (lease, now) => ({ ...lease, ack: now + 3600 })),
} as const satisfies Readonly<Record<string, Spoil>>

export type ContractPlant = keyof typeof contractPlants

/** The contract with a bug. */
export const plantInContract =
  (name: ContractPlant, genuine: Apply = apply): Apply =>
  (state, call, env, signing) => {
    const applied = genuine(state, call, env, signing)
    if (!applied.ok) return applied
    return contractPlants[name](state, applied, env.nowSeconds)
  }
