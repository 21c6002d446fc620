import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createSigner } from '#adapters/crypto-node/signer'
import { createMemoryLog } from '#adapters/memory/log'
import { createMemoryRecords } from '#adapters/memory/records'
import { ArtelError, type ErrorCode } from '#core/errors'
import { tokenAmount } from '#core/money'
import { createOutbox, type Outbox, type OutboxOptions } from '#ledger/outbox'
import { refusalOf } from '#ledger/refusal'
import type { Chain, ChainCall } from '#ports/chain'
import type { Records } from '#ports/records'
import { anvilRig, type ChainRig, memoryRig } from '../../conformance/chain-rigs.ts'

const testMs = 60_000
const quick: OutboxOptions = {
  rebroadcastMs: 50,
  stuckMs: 100,
  settleMs: 20,
  pauseMaxMs: 50,
  unreachableMs: 100,
}
const approve = (units: bigint): ChainCall => ({ kind: 'approve', amount: tokenAmount(units) })
const isCode = (code: ErrorCode) => (error: unknown) =>
  error instanceof ArtelError && error.code === code

/** A chain whose broadcasts go nowhere and never return, as when the node dies in the middle of one. */
const dyingAt = (chain: Chain, when: 'before' | 'after'): Chain => ({
  ...chain,
  broadcast: async (signed, signal) => {
    if (when === 'after') await chain.broadcast(signed, signal)
    await new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    )
  },
})

/** Makes blocks until nothing is underway any more. */
const drain = (rig: ChainRig, outbox: Outbox, signal: AbortSignal) =>
  until(
    rig,
    async () => {
      await rig.pass(4)
      return outbox.pending().length === 0
    },
    signal,
  )

/** Waits until the condition holds; the test's own timeout is the bound. */
const until = async (
  rig: ChainRig,
  holds: () => boolean | Promise<boolean>,
  signal: AbortSignal,
) => {
  while (!(await holds())) await rig.clock.sleep(5, signal)
}

const outboxSuite = (name: string, open: () => Promise<ChainRig>): void => {
  describe(`outbox on ${name}`, { timeout: testMs * 3 }, () => {
    const signal = AbortSignal.timeout(testMs * 3)
    let rig: ChainRig
    let seed = 0x50
    before(async () => {
      rig = await open()
    })
    after(() => rig.close())

    /** A node of its own account, its outbox not started. */
    const node = async (options: { readonly poor?: boolean } = {}) => {
      seed += 1
      const key = new Uint8Array(32).fill(seed)
      const signer = createSigner(key)
      const chain = await rig.connect(key)
      if (options.poor !== true) await rig.fund(signer.address)
      const records = createMemoryRecords()
      const log = createMemoryLog()
      const outboxOn = (over: Chain, kept: Records = records, more: OutboxOptions = {}) =>
        createOutbox(
          { chain: over, records: kept, clock: rig.clock, log, signer },
          { ...quick, ...more },
        )
      return { signer, chain, records, log, outboxOn, address: signer.address }
    }

    test('a key is one transaction, however often it is submitted', async () => {
      const { chain, outboxOn, address } = await node()
      const outbox = outboxOn(chain)
      await outbox.start(signal)
      const before = await chain.nonce(address, signal)
      const [first, second] = await Promise.all([
        outbox.submit(approve(1n), { key: 'a' }, signal),
        outbox.submit(approve(1n), { key: 'a' }, signal),
      ])
      const third = await outbox.submit(approve(1n), { key: 'a' }, signal)
      assert.deepEqual(first, second)
      assert.deepEqual(first, third)
      assert.equal(await chain.nonce(address, signal), before + 1)
      await assert.rejects(outbox.submit(approve(2n), { key: 'a' }, signal), isCode('conflict'))
      await outbox.stop()
    })

    test('many calls are pipelined and all are included', async () => {
      const { chain, outboxOn, address } = await node()
      const outbox = outboxOn(chain)
      await outbox.start(signal)
      const before = await chain.nonce(address, signal)
      const calls = Array.from({ length: 24 }, (_, index) =>
        outbox.submit(approve(BigInt(index)), { key: `n${index}` }, signal),
      )
      const results = await Promise.all(calls)
      assert.equal(new Set(results.map((result) => result.transaction)).size, 24)
      assert.equal(await chain.nonce(address, signal), before + 24)
      assert.deepEqual(outbox.pending(), [])
      await outbox.stop()
    })

    test('a call that an earlier one makes possible waits for it', async () => {
      const { chain, outboxOn, address } = await node()
      const outbox = outboxOn(chain)
      await outbox.start(signal)
      await rig.hold(true)
      const approved = outbox.submit(approve(5n), { key: 'approve' }, signal)
      await until(rig, () => outbox.pending()[0]?.signed !== undefined, signal)
      const call = { kind: 'deposit', amount: tokenAmount(5n) } as const
      const deposited = outbox.submit(call, { key: 'deposit' }, signal)
      await rig.hold(false)
      await drain(rig, outbox, signal)
      await approved
      await deposited
      assert.equal(await chain.balance(address, signal), 5n)
      await outbox.stop()
    })

    test('a refusal is told before anything is sent, and the key is free again', async () => {
      const { chain, outboxOn, address } = await node()
      const outbox = outboxOn(chain)
      await outbox.start(signal)
      const call = { kind: 'withdraw', to: address, amount: tokenAmount(1n) } as const
      await assert.rejects(outbox.submit(call, { key: 'w' }, signal), (error) => {
        assert.equal(refusalOf(error), 'InsufficientBalance')
        return isCode('balance')(error)
      })
      assert.equal(await chain.nonce(address, signal), 0)
      await outbox.submit(approve(1n), { key: 'ap' }, signal)
      await outbox.submit({ kind: 'deposit', amount: tokenAmount(1n) }, { key: 'd' }, signal)
      await outbox.submit(call, { key: 'w' }, signal)
      await outbox.stop()
    })

    test('an account without gas is told so, and can send once it has some', async () => {
      const { chain, outboxOn, address } = await node({ poor: true })
      const outbox = outboxOn(chain)
      await outbox.start(signal)
      await assert.rejects(outbox.submit(approve(1n), { key: 'a' }, signal), isCode('gas'))
      assert.deepEqual(outbox.pending(), [])
      await rig.fund(address)
      await outbox.submit(approve(1n), { key: 'a' }, signal)
      await outbox.stop()
    })

    for (const when of ['before', 'after'] as const) {
      test(`a crash just ${when} the broadcast neither loses nor doubles the transaction`, async () => {
        const { chain, records, outboxOn, address } = await node()
        const before = await chain.nonce(address, signal)
        const dying = outboxOn(dyingAt(chain, when))
        await dying.start(signal)
        const lost = dying.submit(approve(9n), { key: 'a' }, signal)
        lost.catch(() => undefined)
        await until(
          rig,
          () => records.list('ledger-outbox').some(({ value }) => 'signed' in Object(value)),
          signal,
        )
        if (when === 'after') {
          await until(rig, async () => (await chain.nonce(address, signal)) > before, signal)
        }
        records.crash()
        await dying.stop()

        const next = outboxOn(chain)
        await next.start(signal)
        const result = await next.submit(approve(9n), { key: 'a' }, signal)
        assert.equal((await chain.transaction(result.transaction, signal)).status, 'included')
        assert.equal(await chain.nonce(address, signal), before + 1)
        await next.stop()
      })
    }

    test('a transaction underway is finished by the next life without being asked', async () => {
      const { chain, outboxOn, address } = await node()
      const dying = outboxOn(dyingAt(chain, 'before'))
      await dying.start(signal)
      dying.submit(approve(9n), { key: 'a' }, signal).catch(() => undefined)
      await until(rig, () => dying.pending().length === 1, signal)
      await dying.stop()
      const next = outboxOn(chain)
      await next.start(signal)
      await until(rig, async () => (await chain.nonce(address, signal)) === 1, signal)
      await until(rig, () => next.pending().length === 0, signal)
      assert.equal(await chain.allowance(address, signal), 9n)
      await next.stop()
    })

    test('a stuck transaction is replaced by one that offers more', async () => {
      const { chain, outboxOn, address } = await node()
      const outbox = outboxOn(chain)
      await outbox.start(signal)
      await rig.hold(true)
      const submitted = outbox.submit(approve(3n), { key: 'a' }, signal)
      await until(rig, () => (outbox.pending()[0]?.signed?.attempts.length ?? 0) > 1, signal)
      await rig.hold(false)
      await drain(rig, outbox, signal)
      await submitted
      assert.equal(await chain.nonce(address, signal), 1)
      assert.equal(await chain.allowance(address, signal), 3n)
      await outbox.stop()
    })

    test('a transaction that the chain forgot is sent again', async () => {
      const { chain, outboxOn, address } = await node()
      const outbox = outboxOn(chain, undefined, { stuckMs: 600_000 })
      await outbox.start(signal)
      await rig.hold(true)
      const submitted = outbox.submit(approve(3n), { key: 'a' }, signal)
      await until(rig, () => outbox.pending()[0]?.signed !== undefined, signal)
      const hash = outbox.pending()[0]?.signed?.attempts[0].hash ?? assert.fail()
      await until(
        rig,
        async () => (await chain.transaction(hash, signal)).status === 'pending',
        signal,
      )
      await rig.dropWaiting()
      await rig.hold(false)
      await until(
        rig,
        async () => {
          await rig.pass(4)
          return (await chain.nonce(address, signal)) === 1
        },
        signal,
      )
      await submitted
      await outbox.stop()
    })

    test('a transaction that a reorganisation took back is included again', async () => {
      const { chain, outboxOn, address } = await node()
      const outbox = outboxOn(chain)
      await outbox.start(signal)
      await outbox.submit(approve(3n), { key: 'a' }, signal)
      assert.equal(await chain.allowance(address, signal), 3n)
      await rig.reorganise(1)
      await until(
        rig,
        async () => {
          await rig.pass(4)
          return (await chain.allowance(address, signal)) === 3n
        },
        signal,
      )
      await until(rig, () => outbox.pending().length === 0, signal)
      await outbox.stop()
    })

    test('a nonce that another program used is given up for the next one', async () => {
      const { chain, outboxOn, address } = await node()
      const outbox = outboxOn(chain)
      await outbox.start(signal)
      await outbox.submit(approve(1n), { key: 'a' }, signal)
      const foreign = await chain.sign(
        approve(7n),
        { nonce: 1, gas: 100_000n, feeFactor: 1 },
        signal,
      )
      await chain.broadcast(foreign, signal)
      await outbox.submit(approve(2n), { key: 'b' }, signal)
      assert.equal(await chain.nonce(address, signal), 3)
      assert.equal(await chain.allowance(address, signal), 2n)
      await outbox.stop()
    })

    test('an unreachable chain is told, and what was signed is included once it is back', async () => {
      const { chain, outboxOn, address } = await node()
      let reachable = true
      const guarded =
        <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
        (...args: Args): Promise<Result> =>
          reachable
            ? work(...args)
            : Promise.reject(new ArtelError('unavailable', 'the chain does not answer'))
      const outbox = outboxOn({
        ...chain,
        outlook: guarded(chain.outlook),
        transaction: guarded(chain.transaction),
        broadcast: async (signed, within) => {
          reachable = false
          return guarded(chain.broadcast)(signed, within)
        },
      })
      await outbox.start(signal)
      await assert.rejects(outbox.submit(approve(4n), { key: 'a' }, signal), isCode('unavailable'))
      assert.equal(outbox.pending().length, 1)
      await assert.rejects(outbox.submit(approve(5n), { key: 'b' }, signal), isCode('unavailable'))
      assert.equal(outbox.pending().length, 1)
      await outbox.stop()
      const next = outboxOn(chain)
      await next.start(signal)
      await next.submit(approve(4n), { key: 'a' }, signal)
      assert.equal(await chain.allowance(address, signal), 4n)
      await next.stop()
    })

    test('a stopped outbox takes nothing', async () => {
      const { chain, outboxOn } = await node()
      const outbox = outboxOn(chain)
      await outbox.start(signal)
      await outbox.stop()
      await outbox.stop()
      await assert.rejects(outbox.submit(approve(1n), { key: 'a' }, signal), isCode('cancelled'))
    })
  })
}

outboxSuite('memory', memoryRig)
outboxSuite('anvil', anvilRig)
