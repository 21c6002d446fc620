import type { Address, Signature } from './ids.ts'
import type { LeaseRecord } from './lease.ts'
import type {
  ClaimItem,
  LeaseSigning,
  LeasesCall,
  LeasesEnv,
  SignedMessage,
} from './lease-calls.ts'
import { spend } from './lease-open.ts'
import { type Refused, refused } from './lease-refusal.ts'
import {
  answer,
  claim,
  quit,
  report,
  resolveAbsent,
  type Step,
  topUp,
} from './lease-transitions.ts'
import {
  type Applied,
  credit,
  debit,
  type LeasesState,
  liveDelegation,
  speaksFor,
  withLease,
} from './lease-vault.ts'
import type { Terms } from './terms.ts'

export type Call<Kind extends LeasesCall['kind']> = Extract<LeasesCall, { kind: Kind }>
export type Context = {
  readonly state: LeasesState
  readonly env: LeasesEnv
  readonly signing: LeaseSigning
}

const find = ({ state, signing }: Context, terms: Terms): LeaseRecord | undefined =>
  state.leases.get(signing.leaseIdOf(terms))

/** Carries out a step: stores the lease and credits who is paid. */
const commit = (state: LeasesState, step: Step | Refused): Applied | Refused => {
  if (!step.ok) return step
  let next = withLease(state, step.lease)
  for (const { to, amount } of step.payments) next = credit(next, to, amount)
  return { ok: true, state: next, events: step.events }
}

/** Applies `transition` to the lease of `terms`. */
export const advance = (
  context: Context,
  terms: Terms,
  transition: (lease: LeaseRecord, env: LeasesEnv) => Step | Refused,
): Applied | Refused => {
  const lease = find(context, terms)
  return lease === undefined
    ? refused('UnknownLease')
    : commit(context.state, transition(lease, context.env))
}

const isParty = ({ state, env }: Context, terms: Terms): boolean =>
  env.sender === terms.tenant ||
  env.sender === terms.signer ||
  liveDelegation(state, terms, env.sender, env.nowSeconds) !== undefined

/** Applies `transition` when the sender is the tenant, its signer or an unexpired delegate. */
export const asParty = (
  context: Context,
  terms: Terms,
  transition: (lease: LeaseRecord, env: LeasesEnv) => Step | Refused,
): Applied | Refused =>
  advance(context, terms, (lease, env) =>
    isParty(context, terms) ? transition(lease, env) : refused('NotParty'),
  )

const signed = (
  signing: LeaseSigning,
  message: SignedMessage,
  signature: Signature,
  mayBe: (signer: Address) => boolean,
  contracts: readonly Address[],
): boolean => {
  const signer = signing.signerOf(message, signature)
  if (signer !== undefined && mayBe(signer)) return true
  return contracts.some((account) => signing.accepts(account, message, signature))
}

export const claimOne = (context: Context, item: ClaimItem): Applied | Refused =>
  advance(context, item.terms, (lease, env) => {
    const { tenant, signer } = item.terms
    const { until, extra } = item
    const message = { kind: 'receipt', receipt: { lease: lease.id, until, extra } } as const
    const isSigner = (by: Address) => by === signer || by === tenant
    return signed(context.signing, message, item.signature, isSigner, [signer, tenant])
      ? claim(lease, env, until, extra)
      : refused('BadSignature')
  })

export const topUpOne = (context: Context, call: Call<'topUp'>): Applied | Refused => {
  const { state, env } = context
  const { terms, amount } = call
  const step = advance(context, terms, (lease) => topUp(lease, env, amount))
  if (!step.ok) return step
  // A delegate spends its tenant's money, everybody else their own.
  const delegated =
    env.sender !== terms.tenant &&
    liveDelegation(state, terms, env.sender, env.nowSeconds) !== undefined
  const spent = delegated ? spend(step.state, terms, env, amount, false) : step.state
  if ('ok' in spent) return spent
  const charged = debit(spent, delegated ? terms.tenant : env.sender, amount)
  return charged === undefined ? refused('InsufficientBalance') : { ...step, state: charged }
}

export const reportOne = (context: Context, terms: Terms): Applied | Refused => {
  const step = asParty(context, terms, report)
  if (!step.ok) return step
  const charged = debit(step.state, context.env.sender, terms.reportFee)
  return charged === undefined ? refused('InsufficientBalance') : { ...step, state: charged }
}

export const answerOne = (context: Context, call: Call<'answer'>): Applied | Refused =>
  advance(context, call.terms, (lease, env) => {
    const step = answer(lease, env)
    if (!step.ok) return step
    const { host } = call.terms
    const speaks = (key: Address) => speaksFor(context.state, key, host)
    if (speaks(env.sender)) return step
    const message = {
      kind: 'answer',
      answer: { lease: lease.id, reported: lease.report?.at ?? 0 },
    } as const
    const genuine = signed(context.signing, message, call.signature, speaks, [host])
    return genuine ? step : refused('BadSignature')
  })

const strictlyRising = (addresses: readonly Address[]): boolean =>
  addresses.every((address, index) => index === 0 || (addresses[index - 1] ?? '') < address)

export const resolveByObservers = (
  context: Context,
  call: Call<'resolveAbsent'>,
): Applied | Refused =>
  advance(context, call.terms, (lease, env) => {
    const { signing } = context
    const { observers, quorum, signatures, terms, from } = call
    const paired = signatures.length === observers.length
    const possible = quorum > 0 && quorum <= observers.length && strictlyRising(observers)
    if (!paired || !possible || signing.observersOf(quorum, observers) !== terms.observers) {
      return refused('WrongObservers')
    }
    const message = { kind: 'absence', absence: { lease: lease.id, from } } as const
    const agreeing = observers.filter((observer, index) => {
      const signature = signatures[index] ?? '0x'
      return (
        signature !== '0x' &&
        signed(signing, message, signature, (by) => by === observer, [observer])
      )
    })
    return agreeing.length < quorum ? refused('QuorumMissing') : resolveAbsent(lease, env, from)
  })

export const quitOne = (context: Context, terms: Terms): Applied | Refused =>
  advance(context, terms, (lease, env) =>
    speaksFor(context.state, env.sender, terms.host) ? quit(lease, env) : refused('NotHost'),
  )
