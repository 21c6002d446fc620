import type { Address, Hash32 } from '#core/ids'
import { emptyLeases } from '#core/lease-vault'
import type {
  apply,
  LeaseSigning,
  LeasesCall,
  LeasesEnv,
  LeasesEvent,
  LeasesState,
} from '#core/leases-state'
import { PersistentMap } from '#core/persistent-map'
import type { ChainCall, HostsEvent } from '#ports/chain'

/** All that the chain of a simulated world holds. Immutable, so that a block can be taken back. */
export type LedgerState = {
  readonly leases: LeasesState
  readonly tokens: PersistentMap<bigint>
  /** What the Leases contract may take. */
  readonly allowances: PersistentMap<bigint>
  readonly gasWei: PersistentMap<bigint>
  readonly nonces: PersistentMap<number>
}

export type LedgerEnv = {
  readonly sender: Address
  readonly nowSeconds: number
  readonly blockNumber: number
}

/** A call that the Leases contract carried out in a block. */
export type AppliedCall = {
  readonly before: LeasesState
  readonly after: LeasesState
  readonly call: LeasesCall
  readonly env: LeasesEnv
  readonly events: readonly LeasesEvent[]
}

/** The Leases contract of a simulated chain: its rules, and who watches them at work. */
export type LedgerContract = {
  readonly signing: LeaseSigning
  readonly apply: typeof apply
  readonly onApplied: (applied: AppliedCall) => void
}

export type Execution =
  | {
      readonly ok: true
      readonly state: LedgerState
      readonly events: readonly (LeasesEvent | HostsEvent)[]
      /** What a call to the Leases contract did there. */
      readonly applied?: Omit<AppliedCall, 'env'>
    }
  | { readonly ok: false; readonly refusal: string }

export const emptyLedger: LedgerState = {
  leases: emptyLeases,
  tokens: new PersistentMap<bigint>(),
  allowances: new PersistentMap<bigint>(),
  gasWei: new PersistentMap<bigint>(),
  nonces: new PersistentMap<number>(),
}

/** The most that the test token mints in one call. */
const mintMax = 10_000_000_000n

/** Gas of each kind of call: what the contracts' gas snapshot says, rounded. */
const gasOfKind: Readonly<Record<ChainCall['kind'], bigint>> = {
  deposit: 81_000n,
  withdraw: 45_000n,
  setOperator: 46_000n,
  authorize: 70_000n,
  open: 140_000n,
  topUp: 45_000n,
  claim: 60_000n,
  claimSilent: 52_000n,
  close: 60_000n,
  quit: 60_000n,
  report: 63_000n,
  answer: 50_000n,
  resolve: 54_000n,
  resolveAbsent: 80_000n,
  settle: 55_000n,
  claimBatch: 40_000n,
  settleBatch: 40_000n,
  approve: 46_000n,
  mint: 68_000n,
  announce: 30_000n,
  transferGas: 21_000n,
}

const gasOfItem = 40_000n

export const gasOf = (call: ChainCall): bigint =>
  gasOfKind[call.kind] + ('items' in call ? gasOfItem * BigInt(call.items.length) : 0n)

const add = (
  map: PersistentMap<bigint>,
  key: Address | Hash32,
  amount: bigint,
): PersistentMap<bigint> => map.with(key, (map.get(key) ?? 0n) + amount)

/** The state with `amount` more of the chain's own currency in an account. */
export const creditGas = (state: LedgerState, account: Address, wei: bigint): LedgerState => ({
  ...state,
  gasWei: add(state.gasWei, account, wei),
})

/** The state with `amount` more tokens in an account. */
export const creditTokens = (
  state: LedgerState,
  account: Address,
  amount: bigint,
): LedgerState => ({
  ...state,
  tokens: add(state.tokens, account, amount),
})

/** What the token contract refuses before the vault sees a deposit. */
const takeTokens = (state: LedgerState, from: Address, amount: bigint): Execution => {
  if ((state.allowances.get(from) ?? 0n) < amount) {
    return { ok: false, refusal: 'ERC20InsufficientAllowance' }
  }
  if ((state.tokens.get(from) ?? 0n) < amount) {
    return { ok: false, refusal: 'ERC20InsufficientBalance' }
  }
  const taken = {
    ...state,
    tokens: add(state.tokens, from, -amount),
    allowances: add(state.allowances, from, -amount),
  }
  return { ok: true, state: taken, events: [] }
}

/** What a call does to the world, or the name of the error that it reverts with. */
export const execute = (
  before: LedgerState,
  call: ChainCall,
  env: LedgerEnv,
  contract: Pick<LedgerContract, 'signing' | 'apply'>,
): Execution => {
  const { sender } = env
  switch (call.kind) {
    case 'approve': {
      const allowances = before.allowances.with(sender, call.amount)
      return { ok: true, state: { ...before, allowances }, events: [] }
    }
    case 'mint':
      return call.amount > mintMax
        ? { ok: false, refusal: 'MintTooLarge' }
        : { ok: true, state: creditTokens(before, call.to, call.amount), events: [] }
    case 'announce': {
      const { operator, record } = call
      const event = { kind: 'announced', host: sender, operator, record } as const
      return { ok: true, state: before, events: [event] }
    }
    case 'transferGas': {
      if ((before.gasWei.get(sender) ?? 0n) < call.wei) return { ok: false, refusal: 'unknown' }
      const paid = creditGas(before, sender, -call.wei)
      return { ok: true, state: creditGas(paid, call.to, call.wei), events: [] }
    }
    default: {
      const funded = call.kind === 'deposit' ? takeTokens(before, sender, call.amount) : undefined
      if (funded?.ok === false) return funded
      const state = funded?.state ?? before
      const applied = contract.apply(state.leases, call, env, contract.signing)
      if (!applied.ok) return applied
      const { events } = applied
      const moved = { ...state, leases: applied.state }
      const after = call.kind === 'withdraw' ? creditTokens(moved, call.to, call.amount) : moved
      const seen = { before: state.leases, after: applied.state, call, events }
      return { ok: true, state: after, events, applied: seen }
    }
  }
}
