import { zeroHash } from '#core/ids'
import { exhausted, type LeaseRecord } from '#core/lease'
import { type Applied, apply, type LeasesState } from '#core/leases-state'
import { tokenAmount } from '#core/money'

export type Apply = typeof apply

type Spoil = (before: LeasesState, applied: Applied, now: number) => LeasesState

const withLease = (state: LeasesState, lease: LeaseRecord): LeasesState => ({
  ...state,
  leases: state.leases.with(lease.id, lease),
})

/** Changes every lease that the events of `kind` name. */
const onEvent =
  (kind: string, change: (lease: LeaseRecord, now: number) => LeaseRecord): Spoil =>
  (_before, applied, now) =>
    applied.events.reduce((state, event) => {
      const lease = event.kind === kind && 'id' in event ? state.leases.get(event.id) : undefined
      return lease === undefined ? state : withLease(state, change(lease, now))
    }, applied.state)

const payTwice: Spoil = (_before, { state, events }) => {
  let { balances } = state
  for (const event of events) {
    const host = event.kind === 'Closed' ? state.leases.get(event.id)?.terms.host : undefined
    if (event.kind !== 'Closed' || host === undefined) continue
    balances = balances.with(host, tokenAmount((balances.get(host) ?? 0n) + event.toHost))
  }
  return { ...state, balances }
}

/** An open moves its predecessor with `change`, after the real open did. */
const onPredecessor =
  (change: (lease: LeaseRecord, before: LeaseRecord) => LeaseRecord): Spoil =>
  (before, applied) =>
    applied.events.reduce((state, event) => {
      if (event.kind !== 'Opened' || event.terms.previous === zeroHash) return state
      const now = state.leases.get(event.terms.previous)
      const was = before.leases.get(event.terms.previous)
      return now === undefined || was === undefined ? state : withLease(state, change(now, was))
    }, applied.state)

/** A deposit is taken from somebody else's balance. */
const takeFromNeighbour: Spoil = (_before, { state, events }) => {
  const deposited = events.find((event) => event.kind === 'Deposited')
  if (deposited?.kind !== 'Deposited') return state
  const victim = [...state.balances.entries()].find(
    ([account, balance]) => account !== deposited.account && balance > 0n,
  )
  if (victim === undefined) return state
  const [account, balance] = victim
  const own = tokenAmount((state.balances.get(deposited.account) ?? 0n) + 1n)
  return {
    ...state,
    balances: state.balances.with(account, tokenAmount(balance - 1n)).with(deposited.account, own),
  }
}

/** A bug in the contract, by the checker that must find it. */
export const contractPlants = {
  'money-conserved': payTwice,
  'paid-within-deposit': onEvent('Claimed', (lease) => ({
    ...lease,
    ack: exhausted(lease) + 3600,
  })),
  'settled-final': onEvent('Claimed', (lease) => ({ ...lease, ack: lease.opened - 1 })),
  'one-earns': onPredecessor((lease, before) => {
    const { ended: _, ...running } = lease
    return { ...running, status: before.status }
  }),
  'outsiders-take-nothing': takeFromNeighbour,
  'supersede-keeps-debts': onPredecessor((lease) => ({
    ...lease,
    ended: Math.max(lease.opened, (lease.ended ?? 0) - 1),
  })),
  'bonds-lost-fairly': onEvent('Claimed', (lease) => ({ ...lease, bondLeft: tokenAmount(0n) })),
  'charged-for-time-open': onEvent('Closed', (lease, now) => ({ ...lease, ack: now + 3600 })),
} as const satisfies Readonly<Record<string, Spoil>>

export type ContractPlant = keyof typeof contractPlants

/** The contract with a bug. */
export const plantInContract =
  (name: ContractPlant, genuine: Apply = apply): Apply =>
  (state, call, env, signing) => {
    const applied = genuine(state, call, env, signing)
    if (!applied.ok) return applied
    return { ...applied, state: contractPlants[name](state, applied, env.nowSeconds) }
  }
