import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { Hash32 } from '#core/ids'
import {
  type BlockRef,
  blocksPerQueryMax,
  type Chain,
  type ChainInfo,
  type LoggedEvent,
} from '#ports/chain'
import type { Blocks } from './blocks.ts'
import { decodeHostsEvent, decodeLeasesEvent } from './decode-event.ts'
import { account, hash, hexData, type Rpc, smallQuantity } from './rpc.ts'

const logSchema = z.object({
  address: account,
  blockHash: hash,
  transactionHash: hash,
  logIndex: smallQuantity,
  data: hexData,
  topics: z.array(hash).max(4),
  removed: z.boolean().optional(),
})
type Log = z.output<typeof logSchema>

const logsMax = 100_000
const blocksAtOnceMax = 8

/** The blocks of all logs, each asked for once and a few at a time. */
const loadBlocks = async (
  blocks: Blocks,
  logs: readonly Log[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Hash32, BlockRef>> => {
  const wanted = [...new Set(logs.map((log) => log.blockHash))]
  const found = new Map<Hash32, BlockRef>()
  for (let start = 0; start < wanted.length; start += blocksAtOnceMax) {
    const some = wanted.slice(start, start + blocksAtOnceMax)
    for (const block of await Promise.all(some.map((one) => blocks.byHash(one, signal)))) {
      found.set(block.hash, block)
    }
  }
  return found
}

/** Reads what the contracts logged. */
export const createEventReader =
  (rpc: Rpc, blocks: Blocks, { leases, hosts }: ChainInfo): Chain['events'] =>
  async (from, to, signal) => {
    if (to - from >= blocksPerQueryMax) {
      throw new ArtelError(
        'bad-request',
        `${to - from + 1} blocks at once: at most ${blocksPerQueryMax}`,
      )
    }
    if (to < from) return []
    const filter = {
      address: [leases, hosts],
      fromBlock: `0x${from.toString(16)}`,
      toBlock: `0x${to.toString(16)}`,
    }
    const logs = await rpc.read('eth_getLogs', [filter], z.array(logSchema).max(logsMax), signal)
    const kept = logs.filter((log) => log.removed !== true)
    const refs = await loadBlocks(blocks, kept, signal)
    return kept.map((log): LoggedEvent => {
      const block = refs.get(log.blockHash)
      if (block === undefined) throw new ArtelError('internal', `block ${log.blockHash} not loaded`)
      const event = log.address === leases ? decodeLeasesEvent(log) : decodeHostsEvent(log)
      return { event, block, transaction: log.transactionHash, logIndex: log.logIndex }
    })
  }
