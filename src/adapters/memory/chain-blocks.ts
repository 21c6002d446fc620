import { ArtelError } from '#core/errors'
import { type Hash32, zeroHash } from '#core/ids'
import { type MemoryBlock, type MemoryReceipt, makeBlock } from './chain-block.ts'
import type { MemoryTransaction } from './chain-mempool.ts'
import { emptyLedger, type LedgerContract, type LedgerState } from './chain-state.ts'

/** The blocks of a simulated chain, with the newest states, so that blocks can be taken back. */
export type MemoryBlocks = {
  readonly append: (
    header: { readonly timestampSeconds: number; readonly feeFloor: number },
    transactions: readonly MemoryTransaction[],
  ) => MemoryBlock
  readonly tip: () => MemoryBlock
  readonly state: () => LedgerState
  readonly at: (number: number) => MemoryBlock | undefined
  readonly receipt: (hash: Hash32) => MemoryReceipt | undefined
  /** Removes the newest `depth` blocks, as far as their states are kept, and returns them. */
  readonly takeBack: (depth: number) => readonly MemoryBlock[]
  /** Changes the state of every block that can still be the newest. */
  readonly amend: (change: (state: LedgerState) => LedgerState) => void
}

/** Old states kept: the deepest reorganisation. */
const historyMax = 256

export const createMemoryBlocks = (contract: LedgerContract): MemoryBlocks => {
  const receipts = new Map<Hash32, MemoryReceipt>()
  const states = new Map<number, LedgerState>()
  const blocks: MemoryBlock[] = []
  let branch = 0

  const tip = (): MemoryBlock => {
    const block = blocks.at(-1)
    if (block === undefined) throw new ArtelError('internal', 'a chain without a block')
    return block
  }
  const state = (): LedgerState => states.get(blocks.length - 1) ?? emptyLedger

  return {
    tip,
    state,
    at: (number) => blocks[number],
    receipt: (hash) => receipts.get(hash),
    append: (header, transactions) => {
      const number = blocks.length
      const parent = blocks.at(-1)?.ref.hash ?? zeroHash
      const made = makeBlock({ ...header, number, parent, branch, contract }, state(), transactions)
      for (const [hash, receipt] of made.receipts) receipts.set(hash, receipt)
      blocks.push(made.block)
      states.set(number, made.state)
      states.delete(number - historyMax)
      return made.block
    },
    takeBack: (depth) => {
      const count = Math.min(depth, blocks.length - 1, historyMax - 1)
      const removed = blocks.splice(blocks.length - count)
      branch += 1
      for (const block of removed) {
        states.delete(block.ref.number)
        for (const { hash } of block.transactions) receipts.delete(hash)
      }
      return removed
    },
    amend: (change) => {
      for (const [number, before] of states) states.set(number, change(before))
    },
  }
}
