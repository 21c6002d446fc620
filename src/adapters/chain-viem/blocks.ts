import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { Hash32 } from '#core/ids'
import type { BlockRef } from '#ports/chain'
import { hash, quantity, type Rpc, smallQuantity } from './rpc.ts'

const blockSchema = z
  .object({
    number: smallQuantity,
    hash,
    parentHash: hash,
    timestamp: smallQuantity,
    baseFeePerGas: quantity.optional(),
  })
  .transform(({ number, parentHash, timestamp, baseFeePerGas, ...block }) => ({
    ref: { number, hash: block.hash, parent: parentHash, timestampSeconds: timestamp },
    /** Undefined on chains without EIP-1559. */
    baseFeeWei: baseFeePerGas,
  }))

export type Block = z.output<typeof blockSchema>

/** Blocks read through an endpoint; those asked for by hash are remembered, a bounded number of them. */
export type Blocks = {
  readonly latest: (signal: AbortSignal) => Promise<Block>
  readonly byNumber: (number: number, signal: AbortSignal) => Promise<BlockRef | undefined>
  /** Throws 'unavailable' when the endpoint dropped the block: it was reorganised away meanwhile. */
  readonly byHash: (hash: Hash32, signal: AbortSignal) => Promise<BlockRef>
  readonly heads: (signal: AbortSignal) => AsyncIterable<BlockRef>
}

const rememberedMax = 512

export const createBlocks = (rpc: Rpc, pollMs: number): Blocks => {
  const remembered = new Map<Hash32, BlockRef>()
  const remember = (block: BlockRef): BlockRef => {
    remembered.set(block.hash, block)
    const [oldest] = remembered.keys()
    if (remembered.size > rememberedMax && oldest !== undefined) remembered.delete(oldest)
    return block
  }
  const latest: Blocks['latest'] = async (signal) => {
    const block = await rpc.read('eth_getBlockByNumber', ['latest', false], blockSchema, signal)
    remember(block.ref)
    return block
  }
  return {
    latest,
    byNumber: async (number, signal) => {
      const params = [`0x${number.toString(16)}`, false]
      const block = await rpc.read('eth_getBlockByNumber', params, blockSchema.nullable(), signal)
      return block === null ? undefined : remember(block.ref)
    },
    byHash: async (wanted, signal) => {
      const known = remembered.get(wanted)
      if (known !== undefined) return known
      const block = await rpc.read(
        'eth_getBlockByHash',
        [wanted, false],
        blockSchema.nullable(),
        signal,
      )
      if (block === null) throw new ArtelError('unavailable', `block ${wanted} is gone`)
      return remember(block.ref)
    },
    heads: async function* (signal) {
      let last: Hash32 | undefined
      while (true) {
        const { ref } = await latest(signal)
        if (ref.hash !== last) yield ref
        last = ref.hash
        await sleep(pollMs, undefined, { signal })
      }
    },
  }
}
