import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { BlockRef, Chain, LoggedEvent } from '#ports/chain'
import type { Records } from '#ports/records'
import { hash32Text } from '#protocol/codecs'

const table = 'ledger-follower'
const key = 'blocks'
const whole = z.number().int().nonnegative()
const blocksSchema = z.array(
  z.strictObject({
    number: whole,
    hash: hash32Text,
    parent: hash32Text,
    timestampSeconds: whole,
  }),
)

/** A block that was followed, with the events in it (empty for one of an earlier life). */
type Followed = { readonly block: BlockRef; readonly events: readonly LoggedEvent[] }

/** What has been followed: everything up to the newest block, and the newest blocks to compare with the chain. */
export type Cursor = {
  readonly newest: () => BlockRef | undefined
  /** Adds blocks, oldest first, and writes the cursor down. */
  readonly advance: (blocks: readonly Followed[]) => void
  /** The newest of our blocks, at most number `below`, that the chain still has; undefined when none is left. */
  readonly common: (
    chain: Chain,
    below: number,
    signal: AbortSignal,
  ) => Promise<BlockRef | undefined>
  /** Forgets the blocks after `number` and returns their events, newest first. */
  readonly rollBack: (number: number) => readonly LoggedEvent[]
}

const load = (records: Records): Followed[] => {
  const stored = records.get(table, key)
  if (stored === undefined) return []
  const parsed = blocksSchema.safeParse(stored)
  if (parsed.success) return parsed.data.map((block) => ({ block, events: [] }))
  throw new ArtelError('corrupt', 'the follower’s cursor does not parse', { cause: parsed.error })
}

/** `depth`: how many blocks a reorganisation may take back. */
export const createCursor = (records: Records, depth: number): Cursor => {
  let followed = load(records)
  const save = (): void => {
    const newest = followed.at(-1)?.block.number ?? 0
    // One block at or below the depth stays: where we can always roll back to.
    const first = followed.findLastIndex(({ block }) => block.number <= newest - depth)
    followed = followed.slice(Math.max(0, first))
    records.put(
      table,
      key,
      followed.map(({ block }) => ({ ...block })),
    )
  }
  return {
    newest: () => followed.at(-1)?.block,
    advance: (blocks) => {
      followed.push(...blocks)
      save()
    },
    common: async (chain, below, signal) => {
      for (const { block } of followed.toReversed()) {
        if (block.number > below) continue
        const now = await chain.block(block.number, signal)
        if (now?.hash === block.hash) return block
      }
      return undefined
    },
    rollBack: (number) => {
      const undone = followed.filter(({ block }) => block.number > number)
      followed = followed.filter(({ block }) => block.number <= number)
      save()
      return undone.flatMap(({ events }) => events).toReversed()
    },
  }
}
