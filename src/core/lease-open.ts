import { type Address, type LeaseId, zeroHash } from './ids.ts'
import { amountMax, type LeaseRecord } from './lease.ts'
import type { LeaseSigning, LeasesCall, LeasesEnv } from './lease-calls.ts'
import { type RefusalName, type Refused, refused } from './lease-refusal.ts'
import {
  type Applied,
  debit,
  delegationKey,
  keyOf,
  type LeasesState,
  liveDelegation,
  speaksFor,
  withDelegation,
  withLease,
} from './lease-vault.ts'
import { costOf, tokenAmount } from './money.ts'
import type { Terms } from './terms.ts'

type Open = Extract<LeasesCall, { kind: 'open' }>

const epochMax = 2 ** 32 - 1

const invalid = (terms: Terms, deposit: bigint, now: number): RefusalName | undefined => {
  const tooWide = [deposit, terms.bond, terms.reportFee].some((amount) => amount > amountMax)
  if (tooWide || terms.epoch > epochMax) return 'OutOfRange'
  if (deposit < terms.extraMax + costOf(terms.rate, terms.minimum)) return 'DepositTooSmall'
  if (terms.bond < terms.quitFee) return 'BondTooSmall'
  if (terms.rate === 0n && terms.committed <= now) return 'CommitmentTooShort'
  return now > terms.bidExpiry ? 'BidExpired' : undefined
}

/** The lease that `terms` succeed; `none` for the first of its key, undefined for a broken chain. */
const predecessor = (state: LeasesState, terms: Terms): LeaseRecord | 'none' | undefined => {
  const current = state.current.get(keyOf(terms))
  if (current === undefined) {
    return terms.previous === zeroHash && terms.epoch === 1 ? 'none' : undefined
  }
  const lease = state.leases.get(current)
  const follows = terms.previous === current && terms.epoch === (lease?.terms.epoch ?? 0) + 1
  return follows ? lease : undefined
}

/** Takes `amount` from the tenant's delegation of `sender`, as an open does when `opens`. */
export const spend = (
  state: LeasesState,
  terms: Terms,
  env: LeasesEnv,
  amount: bigint,
  opens: boolean,
): LeasesState | Refused => {
  const now = env.nowSeconds
  const delegation = liveDelegation(state, terms, env.sender, now)
  if (delegation === undefined) return refused('NotParty')
  const spent = tokenAmount(delegation.spent + amount)
  if (spent > delegation.cap) return refused('CapExceeded')
  if (terms.rate > delegation.maxRate) return refused('RateAboveMax')
  if (opens && now < delegation.lastOpen + delegation.cooldown) return refused('CoolingDown')
  const lastOpen = opens ? now : delegation.lastOpen
  const key = delegationKey(terms.tenant, env.sender, terms.deployment)
  return withDelegation(state, key, { ...delegation, spent, lastOpen })
}

/** A superseded lease stops earning now; what it owes up to here stays claimable. */
const supersede = (state: LeasesState, lease: LeaseRecord | 'none', now: number): LeasesState => {
  if (lease === 'none' || lease.ended !== undefined) return state
  const status = lease.status === 'reported' ? 'reported' : 'ended'
  return withLease(state, { ...lease, status, ended: now })
}

const signedByHost = (state: LeasesState, call: Open, signing: LeaseSigning): boolean => {
  const message = { kind: 'terms', terms: call.terms } as const
  const signer = signing.signerOf(message, call.signature)
  if (signer !== undefined && speaksFor(state, signer, call.terms.host)) return true
  return signing.accepts(call.terms.host, message, call.signature)
}

const enter = (state: LeasesState, call: Open, id: LeaseId, now: number): Applied => {
  const { terms, deposit } = call
  const lease: LeaseRecord = {
    id,
    terms,
    status: 'running',
    opened: now,
    deposit,
    bondLeft: terms.bond,
    ack: now,
    extra: tokenAmount(0n),
    quit: false,
  }
  const next = withLease(state, lease)
  return {
    ok: true,
    state: { ...next, current: next.current.with(keyOf(terms), id) },
    events: [{ kind: 'Opened', id, terms, deposit, opened: now }],
  }
}

const escrow = (state: LeasesState, payer: Address, call: Open): LeasesState | undefined => {
  const funded = debit(state, payer, call.deposit)
  return funded === undefined ? undefined : debit(funded, call.terms.host, call.terms.bond)
}

/** Puts a host's bid into force: escrow, lock and fencing token in one step. */
export const open = (
  state: LeasesState,
  call: Open,
  env: LeasesEnv,
  signing: LeaseSigning,
): Applied | Refused => {
  const { terms, deposit } = call
  const now = env.nowSeconds
  const wrong = invalid(terms, deposit, now)
  if (wrong !== undefined) return refused(wrong)
  const previous = predecessor(state, terms)
  if (previous === undefined) return refused('NotSuccessor')
  const allowed = env.sender === terms.tenant ? state : spend(state, terms, env, deposit, true)
  if ('ok' in allowed) return allowed
  if (!signedByHost(allowed, call, signing)) return refused('BadSignature')
  const escrowed = escrow(allowed, terms.tenant, call)
  if (escrowed === undefined) return refused('InsufficientBalance')
  return enter(supersede(escrowed, previous, now), call, signing.leaseIdOf(terms), now)
}
