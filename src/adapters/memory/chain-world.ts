import { type Address, type Hash32, parseAddress, zeroAddress } from '#core/ids'
import { apply, type LeaseSigning } from '#core/leases-state'
import type { BlockRef, ChainInfo, TransactionState } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { MemoryBlock } from './chain-block.ts'
import { createMemoryBlocks, type MemoryBlocks } from './chain-blocks.ts'
import { createMempool, type MemoryTransaction } from './chain-mempool.ts'
import { createLeaseSigning } from './chain-signing.ts'
import { creditGas, creditTokens, type LedgerContract, type LedgerState } from './chain-state.ts'

export type LedgerWorldOptions = {
  readonly clock: Clock
  readonly chainId?: number
  /** Time between blocks; with `instant`, a transaction also makes one at once, as a development chain does. */
  readonly blockMs?: number
  readonly instant?: boolean
  /** Cheaper signatures for runs that are about scale. */
  readonly signing?: LeaseSigning
  /** Other rules than the specification, for proving that somebody notices. */
  readonly apply?: LedgerContract['apply']
  /** Sees every call that the contract carries out in a block, again after a reorganisation. */
  readonly onApplied?: LedgerContract['onApplied']
}

/** One simulated chain that many nodes share. Deterministic: blocks come by the clock, nothing is random. */
export type MemoryLedgerWorld = {
  readonly info: ChainInfo
  /** Brings the chain to the present; every method below does. */
  readonly head: () => BlockRef
  /** How long until there is news, at most: on an instant chain a block may come any time. */
  readonly nextBlockInMs: () => number
  readonly block: (number: number) => MemoryBlock | undefined
  readonly state: () => LedgerState
  readonly contract: LedgerContract
  readonly accept: (transaction: MemoryTransaction) => 'accepted' | 'nonce too low' | 'underpriced'
  readonly transaction: (hash: Hash32) => TransactionState
  /** Gifts out of nothing, in force at once and never taken back. */
  readonly fund: (
    account: Address,
    gift: { readonly gasWei?: bigint; readonly tokens?: bigint },
  ) => void
  /** Replaces the newest `depth` blocks by empty ones; their transactions wait again, or are lost with `drop`. */
  readonly reorganise: (depth: number, options?: { readonly drop?: boolean }) => void
  /** Transactions that offer less than this times the usual fee wait. */
  readonly setFeeFloor: (factor: number) => void
  /** Forgets transactions that wait. */
  readonly dropWaiting: () => void
}

const contractAddress = (digit: string): Address =>
  parseAddress(`0x${digit.repeat(40)}`) ?? zeroAddress

const instantPollMs = 250

export const createMemoryLedgerWorld = (options: LedgerWorldOptions): MemoryLedgerWorld => {
  const { clock, blockMs = 2000, instant = false } = options
  const info: ChainInfo = {
    chainId: options.chainId ?? 31_337,
    leases: contractAddress('a'),
    hosts: contractAddress('b'),
    token: contractAddress('c'),
    tokenInfo: { symbol: 'tUSD', decimals: 6 },
  }
  const contract: LedgerContract = {
    signing: options.signing ?? createLeaseSigning(info),
    apply: options.apply ?? apply,
    onApplied: options.onApplied ?? (() => undefined),
  }
  const mempool = createMempool()
  const blocks = createMemoryBlocks(contract)
  let nextAtMs = clock.nowMs()
  let feeFloor = 0

  const append = (ms: number, transactions: readonly MemoryTransaction[]): void => {
    const block = blocks.append({ timestampSeconds: Math.floor(ms / 1000), feeFloor }, transactions)
    for (const transaction of block.transactions) mempool.remove(transaction)
  }
  append(nextAtMs, [])
  nextAtMs += blockMs

  const catchUp = (): MemoryBlocks => {
    for (; nextAtMs <= clock.nowMs(); nextAtMs += blockMs) append(nextAtMs, mempool.all())
    return blocks
  }

  return {
    info,
    contract,
    head: () => catchUp().tip().ref,
    nextBlockInMs: () => {
      catchUp()
      return Math.min(nextAtMs - clock.nowMs(), instant ? instantPollMs : blockMs)
    },
    block: (number) => catchUp().at(number),
    state: () => catchUp().state(),
    accept: (transaction) => {
      const included = catchUp().state().nonces.get(transaction.sender) ?? 0
      if (transaction.nonce < included) return 'nonce too low'
      if (!mempool.add(transaction)) return 'underpriced'
      if (instant) append(clock.nowMs(), mempool.all())
      return 'accepted'
    },
    transaction: (hash) =>
      catchUp().receipt(hash) ?? { status: mempool.has(hash) ? 'pending' : 'unknown' },
    fund: (account, { gasWei = 0n, tokens = 0n }) =>
      catchUp().amend((state) => creditTokens(creditGas(state, account, gasWei), account, tokens)),
    reorganise: (depth, { drop = false } = {}) => {
      const removed = catchUp().takeBack(depth)
      const returning = removed.flatMap((block) => block.transactions)
      const waiting = [...returning, ...mempool.all()]
      mempool.clear()
      for (const { ref } of removed) append(ref.timestampSeconds * 1000, [])
      if (!drop) for (const transaction of waiting) mempool.add(transaction)
    },
    setFeeFloor: (factor) => {
      feeFloor = factor
    },
    dropWaiting: mempool.clear,
  }
}
