import type { Hash32 } from '#core/ids'
import type { BlockRef, LoggedEvent, TransactionState } from '#ports/chain'
import { keccak256 } from '#protocol/eip712'
import type { MemoryTransaction } from './chain-mempool.ts'
import { creditGas, execute, gasOf, type LedgerContract, type LedgerState } from './chain-state.ts'

export type MemoryBlock = {
  readonly ref: BlockRef
  readonly events: readonly LoggedEvent[]
  readonly transactions: readonly MemoryTransaction[]
}
export type MemoryReceipt = Extract<TransactionState, { status: 'included' }>

type Header = {
  readonly number: number
  readonly parent: Hash32
  readonly timestampSeconds: number
  /** Tells apart blocks of the same height and content after a reorganisation. */
  readonly branch: number
  readonly contract: LedgerContract
  /** Transactions that offer less than this times the usual fee are left out. */
  readonly feeFloor: number
}

const gasPriceWei = 1_000_000_000n
const text = new TextEncoder()

/** What a transaction pays: its gas at its fee. */
export const feeOf = (gas: bigint, feeFactor: number): bigint =>
  (gas * gasPriceWei * BigInt(Math.round(feeFactor * 1000))) / 1000n

/** The sender's account after paying for gas, or undefined when the transaction cannot be included now. */
const charge = (state: LedgerState, transaction: MemoryTransaction, feeFloor: number) => {
  const { sender, nonce, gas, feeFactor, call } = transaction
  const gasUsed = gasOf(call) < gas ? gasOf(call) : gas
  const feeWei = feeOf(gasUsed, feeFactor)
  if ((state.nonces.get(sender) ?? 0) !== nonce || feeFactor < feeFloor) return undefined
  if ((state.gasWei.get(sender) ?? 0n) < feeWei) return undefined
  const paid = creditGas(state, sender, -feeWei)
  return { gasUsed, feeWei, state: { ...paid, nonces: state.nonces.with(sender, nonce + 1) } }
}

const run = (
  state: LedgerState,
  { sender, call, gas }: MemoryTransaction,
  ref: BlockRef,
  contract: LedgerContract,
) => {
  if (gas < gasOf(call)) return { ok: false, refusal: 'OutOfGas' } as const
  const env = { sender, nowSeconds: ref.timestampSeconds, blockNumber: ref.number }
  const execution = execute(state, call, env, contract)
  if (execution.ok && execution.applied !== undefined) {
    contract.onApplied({ ...execution.applied, env })
  }
  return execution
}

/** The next block: of the transactions, given in their order, those that can be included. */
export const makeBlock = (
  header: Header,
  before: LedgerState,
  transactions: readonly MemoryTransaction[],
) => {
  const { number, parent, timestampSeconds, branch, contract, feeFloor } = header
  const hashes = transactions.map((transaction) => transaction.hash)
  const content = JSON.stringify([number, parent, timestampSeconds, branch, hashes])
  const ref: BlockRef = {
    number,
    hash: keccak256(text.encode(content)),
    parent,
    timestampSeconds,
  }
  const included: MemoryTransaction[] = []
  const events: LoggedEvent[] = []
  const receipts = new Map<Hash32, MemoryReceipt>()
  let state = before

  const include = (transaction: MemoryTransaction): boolean => {
    const charged = charge(state, transaction, feeFloor)
    if (charged === undefined) return false
    const { gasUsed, feeWei } = charged
    const { hash } = transaction
    const execution = run(charged.state, transaction, ref, contract)
    const receipt = { status: 'included', block: ref, gasUsed, feeWei } as const
    included.push(transaction)
    if (execution.ok) {
      state = execution.state
      receipts.set(hash, { ...receipt, succeeded: true })
      for (const event of execution.events) {
        events.push({ event, block: ref, transaction: hash, logIndex: events.length })
      }
    } else {
      state = charged.state
      receipts.set(hash, { ...receipt, succeeded: false, refusal: execution.refusal })
    }
    return true
  }

  // A later nonce may have arrived first: pass over the waiting ones until none fits any more.
  let waiting = transactions
  for (let progress = true; progress; ) {
    const left = waiting.filter((transaction) => !include(transaction))
    progress = left.length < waiting.length
    waiting = left
  }
  const block: MemoryBlock = { ref, events, transactions: included }
  return { block, state, receipts }
}
