import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createSigner } from '#adapters/crypto-node/signer'
import { createMemoryLog } from '#adapters/memory/log'
import { createMemoryRecords } from '#adapters/memory/records'
import { ArtelError } from '#core/errors'
import type { Address, Hash32 } from '#core/ids'
import { tokenAmount } from '#core/money'
import { createFollower } from '#ledger/follower'
import type { Chain, LoggedEvent } from '#ports/chain'
import type { Records } from '#ports/records'
import type { Signer } from '#ports/signer'
import { leaseIdOf, termsDigest } from '#protocol/eip712-leases'
import { sampleTerms } from '../../conformance/chain.suite.ts'
import { anvilRig, type ChainRig, memoryRig, sendOn } from '../../conformance/chain-rigs.ts'

const testMs = 60_000
const vault = tokenAmount(500_000_000n)

type Party = { readonly signer: Signer; readonly chain: Chain }

const followerSuite = (name: string, open: () => Promise<ChainRig>): void => {
  describe(`follower on ${name}`, { timeout: testMs * 2 }, () => {
    const signal = AbortSignal.timeout(testMs * 2)
    let rig: ChainRig
    let tenant: Party
    let host: Party

    const join = async (seed: number): Promise<Party> => {
      const key = new Uint8Array(32).fill(seed)
      const party = { signer: createSigner(key), chain: await rig.connect(key) }
      await rig.fund(party.signer.address)
      await sendOn(party.chain, party.signer, { kind: 'approve', amount: vault })
      await sendOn(party.chain, party.signer, { kind: 'deposit', amount: vault })
      return party
    }
    before(async () => {
      rig = await open()
      tenant = await join(0x61)
      host = await join(0x62)
    })
    after(() => rig.close())

    const follow = async (
      accounts: readonly Address[],
      records: Records = createMemoryRecords(),
      more: { readonly fromBlock?: number; readonly lagMs?: number } = {},
    ) => {
      const log = createMemoryLog()
      const parts = { chain: host.chain, records, clock: rig.clock, log }
      const follower = createFollower(parts, { accounts, ...more })
      const told: LoggedEvent[] = []
      const undone: LoggedEvent[] = []
      follower.onEvent((logged) => told.push(logged))
      follower.onUndone((logged) => undone.push(logged))
      await follower.start(signal)
      return { follower, told, undone, records, log }
    }
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await rig.clock.sleep(5, signal)
    }
    const openLease = async (instance: string, previous?: { id: Hash32; epoch: number }) => {
      const { timestampSeconds } = await tenant.chain.head(signal)
      const base = sampleTerms(
        tenant.signer.address,
        host.signer.address,
        timestampSeconds,
        instance,
      )
      const terms =
        previous === undefined
          ? base
          : { ...base, previous: previous.id, epoch: previous.epoch + 1 }
      const signature = host.signer.sign(termsDigest(tenant.chain.info, terms))
      const call = { kind: 'open', terms, deposit: tokenAmount(10_000_000n), signature } as const
      await sendOn(tenant.chain, tenant.signer, call)
      return { id: leaseIdOf(terms), terms }
    }
    const close = (terms: Awaited<ReturnType<typeof openLease>>['terms']) =>
      sendOn(tenant.chain, tenant.signer, { kind: 'close', terms })

    test('leases of its accounts are followed from opening to settlement', async () => {
      const { follower, told } = await follow([host.signer.address])
      await until(() => follower.head() !== undefined)
      const { id, terms } = await openLease('followed')
      await until(() => follower.lease(id)?.status === 'running')
      await close(terms)
      const settled = await follower.waitFor(
        id,
        (lease) => lease.status === 'settled',
        testMs,
        signal,
      )
      assert.deepEqual(settled.terms, terms)
      await until(() => told.length >= 2)
      assert.deepEqual(
        told.map(({ event }) => event.kind),
        ['Opened', 'Closed'],
      )
      await follower.stop()
    })

    test('leases of others are told as events but not kept', async () => {
      const stranger = createSigner(new Uint8Array(32).fill(0x63)).address
      const { follower, told } = await follow([stranger])
      await until(() => follower.head() !== undefined)
      const { id } = await openLease('foreign')
      await until(() => told.length === 1)
      assert.equal(follower.lease(id), undefined)
      assert.deepEqual(follower.leases(), [])
      assert.equal((await follower.refresh(id, signal))?.id, id)
      await follower.stop()
    })

    test('a lease that is superseded is seen to have ended', async () => {
      const { follower } = await follow([host.signer.address])
      await until(() => follower.head() !== undefined)
      const first = await openLease('superseded')
      await follower.waitFor(first.id, () => true, testMs, signal)
      await openLease('superseded', { id: first.id, epoch: 1 })
      await until(() => follower.lease(first.id)?.status === 'ended')
      await follower.stop()
    })

    test('a lease is known as soon as it is refreshed', async () => {
      const { follower } = await follow([host.signer.address])
      const { id } = await openLease('refreshed')
      assert.equal((await follower.refresh(id, signal))?.status, 'running')
      assert.equal(follower.lease(id)?.status, 'running')
      await follower.stop()
    })

    test('what happened while it was down is told after a restart, once', async () => {
      const records = createMemoryRecords()
      const first = await follow([host.signer.address], records)
      const { id, terms } = await openLease('restarted')
      await until(() => first.told.length === 1)
      await first.follower.stop()
      await close(terms)
      const second = await follow([host.signer.address], records)
      assert.equal(second.follower.lease(id)?.status, 'running')
      await until(() => second.told.length === 1)
      assert.equal(second.told[0]?.event.kind, 'Closed')
      assert.equal(second.follower.lease(id)?.status, 'settled')
      await second.follower.stop()
    })

    test('the history is told from the block that was asked for', async () => {
      const { follower, told } = await follow([host.signer.address], undefined, { fromBlock: 0 })
      await until(() => told.some(({ event }) => event.kind === 'Opened'))
      assert.equal(told[0]?.event.kind, 'Deposited')
      assert.ok(follower.leases().length > 0)
      await follower.stop()
    })

    test('a reorganisation takes back events and corrects leases', async () => {
      const { follower, told, undone } = await follow([host.signer.address])
      await until(() => follower.head() !== undefined)
      await rig.pass(8)
      const { id } = await openLease('reorganised')
      await until(() => told.length === 1)
      const first = told[0] ?? assert.fail()
      await rig.reorganise(1)
      await until(() => undone.length === 1)
      assert.deepEqual(undone, [first])
      const now = await host.chain.lease(id, signal)
      await until(() => follower.lease(id)?.status === now?.status)
      await rig.pass(4)
      const again = await follower.refresh(id, signal)
      await until(() => told.length === (again === undefined ? 1 : 2))
      await follower.stop()
    })

    test('waiting for a lease ends with its time and with its signal', async () => {
      const { follower } = await follow([host.signer.address])
      const id = leaseIdOf(sampleTerms(tenant.signer.address, host.signer.address, 1, 'never'))
      await assert.rejects(
        follower.waitFor(id, () => true, 30, signal),
        (error) => error instanceof ArtelError && error.code === 'timeout',
      )
      const reason = new Error('enough')
      await assert.rejects(
        follower.waitFor(id, () => true, 1000, AbortSignal.abort(reason)),
        reason,
      )
      await follower.stop()
    })
  })
}

followerSuite('memory', memoryRig)
followerSuite('anvil', anvilRig)
