import { ArtelError } from '#core/errors'
import { type Address, type Hash32, type LeaseId, parseHash32, zeroHash } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import { balanceOf, credit, emptyLeases } from '#core/lease-vault'
import { apply, type LeaseSigning, type LeasesState } from '#core/leases-state'
import { type TokenAmount, tokenAmount } from '#core/money'
import type { BlockRef, ChainCall, ChainInfo, LoggedEvent } from '#ports/chain'
import { type Clock, nowSeconds } from '#ports/clock'
import { recoverAddress } from '#protocol/eip712'
import { leaseIdOf, observersHash, termsDigest } from '#protocol/eip712-leases'
import type { TenantChain } from '#tenant/components'
import type { Follower, Outbox } from '#tenant/ledger-ports'

const hashOf = (value: number): Hash32 => {
  const hash = parseHash32(`0x${value.toString(16).padStart(64, '0')}`)
  if (hash === undefined) throw new ArtelError('internal', `${value} is no hash`)
  return hash
}

/** The contract's own rules behind an outbox and a follower that never fail; transactions are counted. */
export type FakeLedger = {
  readonly chain: TenantChain
  readonly outbox: Outbox
  readonly follower: Follower
  /** Verbs in the order in which they were included. */
  readonly included: string[]
  readonly fund: (account: Address, amount: bigint) => void
  readonly balance: (account: Address) => TokenAmount
  /** Another account's call, such as a host's quit. */
  readonly act: (sender: Address, call: Parameters<Outbox['submit']>[0]) => void
  /** Takes everything since the beginning back; the returned function brings it again. */
  readonly undo: () => () => void
  /** The next call of each of these kinds is included but reverts, so that its key is refused for ever. */
  readonly reverts: Set<ChainCall['kind']>
  gasWei: bigint
}

const signingOf = (info: ChainInfo): LeaseSigning => ({
  leaseIdOf,
  observersOf: observersHash,
  signerOf: (message, signature) =>
    message.kind === 'terms'
      ? recoverAddress(termsDigest(info, message.terms), signature)
      : undefined,
  accepts: () => false,
})

const createFakeOutbox = (
  clock: Clock,
  blockMs: number,
  reverts: FakeLedger['reverts'],
  include: (call: ChainCall) => Hash32,
): Outbox => {
  const keys = new Map<string, Hash32>()
  const refused = new Set<string>()
  return {
    submit: async (call, { key }, signal) => {
      await clock.sleep(blockMs, signal)
      if (reverts.delete(call.kind)) refused.add(key)
      if (refused.has(key)) {
        throw new ArtelError('balance', `the contract refused ${call.kind}: InsufficientBalance`)
      }
      const transaction = keys.get(key) ?? include(call)
      keys.set(key, transaction)
      return { transaction, feeWei: 1n }
    },
  }
}

export const createFakeLedger = (
  clock: Clock,
  info: ChainInfo,
  account: Address,
  blockMs = 100,
): FakeLedger => {
  let state: LeasesState = emptyLeases
  let blocks = 0
  const handlers = new Set<(logged: LoggedEvent) => void>()
  const included: string[] = []
  const reverts: FakeLedger['reverts'] = new Set()
  const signing = signingOf(info)
  const head = (): BlockRef => ({
    number: blocks,
    hash: hashOf(blocks),
    parent: zeroHash,
    timestampSeconds: nowSeconds(clock),
  })
  const act: FakeLedger['act'] = (sender, call) => {
    if (call.kind === 'approve' || call.kind === 'mint') return
    if (call.kind === 'announce' || call.kind === 'transferGas') return
    blocks += 1
    const env = { sender, nowSeconds: nowSeconds(clock), blockNumber: blocks }
    const result = apply(state, call, env, signing)
    if (!result.ok) {
      throw new ArtelError(
        result.refusal === 'InsufficientBalance' ? 'balance' : 'reverted',
        `the contract refused ${call.kind}: ${result.refusal}`,
      )
    }
    state = result.state
    included.push(call.kind)
    for (const [logIndex, event] of result.events.entries()) {
      const logged = { event, block: head(), transaction: hashOf(blocks), logIndex }
      for (const handler of [...handlers]) handler(logged)
    }
  }
  const lease = (id: LeaseId): LeaseRecord | undefined => state.leases.get(id)
  const self: FakeLedger = {
    gasWei: 10n ** 18n,
    included,
    reverts,
    act,
    undo: () => {
      const undone = state
      state = { ...emptyLeases, balances: state.balances }
      return () => {
        state = undone
      }
    },
    fund: (to, amount) => {
      state = credit(state, to, amount)
    },
    balance: (of) => balanceOf(state, of),
    chain: {
      info,
      balance: async (of) => balanceOf(state, of),
      tokenBalance: async () => tokenAmount(0n),
      allowance: async () => tokenAmount(0n),
      gasBalanceWei: async () => self.gasWei,
      isOperator: async () => false,
    },
    outbox: createFakeOutbox(clock, blockMs, reverts, (call) => {
      act(account, call)
      return hashOf(blocks)
    }),
    follower: {
      lease,
      leases: () => [...state.leases.entries()].map(([, lease]) => lease),
      onEvent: (handler) => {
        handlers.add(handler)
        return () => void handlers.delete(handler)
      },
      onUndone: () => () => undefined,
      waitFor: async (id, predicate, timeoutMs, signal) =>
        clock.within(timeoutMs, signal, `lease ${id}`, async (limit) => {
          for (;;) {
            const found = lease(id)
            if (found !== undefined && predicate(found)) return found
            await clock.sleep(50, limit)
          }
        }),
      ...{ refresh: async (id) => lease(id), head },
    },
  }
  return self
}
