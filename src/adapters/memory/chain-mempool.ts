import type { Address, Hash32 } from '#core/ids'
import type { ChainCall } from '#ports/chain'

/** A transaction as the simulated chain knows it. */
export type MemoryTransaction = {
  readonly hash: Hash32
  readonly call: ChainCall
  readonly sender: Address
  readonly nonce: number
  readonly gas: bigint
  readonly feeFactor: number
}

const replacementStep = 1.1

/** Transactions that wait for a block: one per sender and nonce. */
export type Mempool = {
  /** False when another one with this nonce offers too much to be replaced. */
  readonly add: (transaction: MemoryTransaction) => boolean
  readonly has: (hash: Hash32) => boolean
  /** Every waiting transaction in the order of arrival. */
  readonly all: () => readonly MemoryTransaction[]
  readonly remove: (transaction: MemoryTransaction) => void
  readonly clear: () => void
}

export const createMempool = (): Mempool => {
  const waiting = new Map<string, MemoryTransaction>()
  const keyOf = ({ sender, nonce }: MemoryTransaction) => `${sender}/${nonce}`
  return {
    add: (transaction) => {
      const key = keyOf(transaction)
      const before = waiting.get(key)
      if (before !== undefined && transaction.feeFactor < before.feeFactor * replacementStep) {
        return before.hash === transaction.hash
      }
      waiting.delete(key)
      waiting.set(key, transaction)
      return true
    },
    has: (hash) => waiting.values().some((transaction) => transaction.hash === hash),
    all: () => [...waiting.values()],
    remove: (transaction) => {
      if (waiting.get(keyOf(transaction))?.hash === transaction.hash) {
        waiting.delete(keyOf(transaction))
      }
    },
    clear: () => waiting.clear(),
  }
}
