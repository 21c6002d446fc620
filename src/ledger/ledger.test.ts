import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectMemoryChain } from '#adapters/memory/chain'
import { createMemoryLedgerWorld } from '#adapters/memory/chain-world'
import { createVirtualClock } from '#adapters/memory/clock'
import { createMemoryLog } from '#adapters/memory/log'
import { createSeededRandom } from '#adapters/memory/random'
import { createMemoryRecords } from '#adapters/memory/records'
import { createSeededSigner } from '#adapters/memory/signer'
import { ArtelError } from '#core/errors'
import { tokenAmount } from '#core/money'
import type { ChainCall } from '#ports/chain'
import { followHead } from './follow-head.ts'
import { createFollower } from './follower.ts'
import { createCursor } from './follower-cursor.ts'
import { createOutbox } from './outbox.ts'

const open = new AbortController().signal
const call: ChainCall = {
  kind: 'mint',
  to: createSeededSigner(createSeededRandom(9)).address,
  amount: tokenAmount(5n),
}

/** A node on a simulated chain with a block every 2 s, in virtual time. */
const createNode = async () => {
  const clock = createVirtualClock({ startMs: 1_800_000_000_000 })
  const world = createMemoryLedgerWorld({ clock, blockMs: 2000 })
  const signer = createSeededSigner(createSeededRandom(7))
  world.fund(signer.address, { gasWei: 10n ** 18n })
  const chain = connectMemoryChain(world, signer, { clock, latencyMs: 20 })
  const records = createMemoryRecords()
  const log = createMemoryLog()
  const outbox = createOutbox({ chain, records, clock, log, signer })
  const follower = createFollower({ chain, records, clock, log }, { accounts: [signer.address] })
  await outbox.start(open)
  await follower.start(open)
  const minted = () => world.state().tokens.get(call.kind === 'mint' ? call.to : '') ?? 0n
  const stop = async () => {
    await Promise.all([outbox.stop(), follower.stop()])
    assert.equal(clock.waits(), 0)
  }
  /** The fate of a submission that is let run for `ms`. */
  const submit = async (key: string, ms: number) => {
    const fate = outbox.submit(call, { key }, open).then(
      () => 'done',
      (error: unknown) => (error instanceof ArtelError ? error.code : 'unknown'),
    )
    const waiting = Promise.race([fate, clock.sleep(ms, open).then(() => 'waiting')])
    await clock.advance(ms)
    return waiting
  }
  return { clock, world, chain, outbox, follower, minted, submit, stop }
}

test('a call is included with the next block, and nothing waits after a stop', async () => {
  const node = await createNode()
  assert.equal(await node.submit('a', 5000), 'done')
  assert.equal(node.minted(), 5n)
  assert.equal(node.follower.head()?.hash, node.world.head().hash)
  await node.stop()
})

test('a transaction that a reorganisation dropped is sent again and counts once', async () => {
  const node = await createNode()
  assert.equal(await node.submit('a', 5000), 'done')
  node.world.reorganise(3, { drop: true })
  assert.equal(node.minted(), 0n)
  await node.clock.advance(30_000)
  assert.equal(node.minted(), 5n)
  assert.equal(node.follower.head()?.hash, node.world.head().hash)
  await node.stop()
})

test('while the chain is out of reach callers hear it and the follower comes back by itself', async () => {
  const node = await createNode()
  await node.clock.advance(5000)
  node.chain.setReachable(false)
  assert.equal(await node.submit('a', 60_000), 'unavailable')
  const before = node.follower.head()
  node.chain.setReachable(true)
  await node.clock.advance(60_000)
  assert.notEqual(node.follower.head()?.hash, before?.hash)
  assert.equal(node.follower.head()?.hash, node.world.head().hash)
  assert.equal(await node.submit('a', 5000), 'done')
  assert.equal(node.minted(), 5n)
  await node.stop()
})

test('dear times are outbid, and only once', async () => {
  const node = await createNode()
  node.world.setFeeFloor(1.5)
  assert.equal(await node.submit('a', 20_000), 'waiting')
  await node.clock.advance(120_000)
  assert.equal(node.minted(), 5n)
  await node.stop()
})

test('a call that cannot be sent yet does not keep a stuck one from a higher fee', async () => {
  const node = await createNode()
  node.world.setFeeFloor(1.5)
  assert.equal(await node.submit('a', 5000), 'waiting')
  const amount = tokenAmount(1n)
  const poor = {
    kind: 'withdraw',
    to: createSeededSigner(createSeededRandom(9)).address,
    amount,
  } as const
  const refused = assert.rejects(node.outbox.submit(poor, { key: 'b' }, open), { code: 'balance' })
  await node.clock.advance(120_000)
  assert.equal(node.minted(), 5n)
  await refused
  await node.stop()
})

test('events that were taken back are told though the chain did not answer at once', async () => {
  const clock = createVirtualClock({ startMs: 1_800_000_000_000 })
  const world = createMemoryLedgerWorld({ clock, blockMs: 2000 })
  const signer = createSeededSigner(createSeededRandom(7))
  const chain = connectMemoryChain(world, signer, { clock, latencyMs: 0 })
  const records = createMemoryRecords()
  const event = {
    kind: 'Deposited',
    account: signer.address,
    amount: tokenAmount(1n),
  } as const
  let failing = false
  const undone: unknown[] = []
  const step = followHead(
    {
      chain: {
        ...chain,
        events: async (_, to) => {
          const block = world.block(to)?.ref
          if (block === undefined) return []
          return [{ event, block, transaction: block.hash, logIndex: 0 }]
        },
      },
      records,
      clock,
      log: createMemoryLog(),
      cursor: createCursor(records, 64),
      book: {
        get: () => undefined,
        all: () => [],
        refresh: async () => undefined,
        refreshAll: async () => {
          if (failing) throw new ArtelError('unavailable', 'the chain does not answer')
        },
        concerns: () => false,
        onChange: () => () => undefined,
      },
      onEvent: () => undefined,
      onUndone: (logged) => void undone.push(logged),
    },
    { fromBlock: 0, lagMs: 0 },
  )
  const during = async (work: Promise<void>) => {
    await clock.advance(1000)
    await work
  }
  await clock.advance(20_000)
  await during(step(world.head(), open))
  world.reorganise(1, { drop: true })
  failing = true
  await during(assert.rejects(step(world.head(), open), { code: 'unavailable' }))
  assert.deepEqual(undone, [])
  failing = false
  await clock.advance(2000)
  await during(step(world.head(), open))
  assert.equal(undone.length, 1)
})

test('the same world gives the same chain', async () => {
  const run = async () => {
    const node = await createNode()
    await node.submit('a', 7000)
    await node.submit('b', 7000)
    await node.stop()
    return node.world.head().hash
  }
  assert.equal(await run(), await run())
})
