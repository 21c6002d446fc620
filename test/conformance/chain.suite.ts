import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createSigner } from '#adapters/crypto-node/signer'
import { ArtelError } from '#core/errors'
import { type Address, type Hash32, parseHash32, zeroAddress, zeroHash } from '#core/ids'
import { answerBlocks } from '#core/lease'
import { rate, tokenAmount } from '#core/money'
import type { Terms } from '#core/terms'
import type { Chain, ChainCall } from '#ports/chain'
import type { Signer } from '#ports/signer'
import { leaseIdOf, receiptDigest, termsDigest } from '#protocol/eip712-leases'
import { type ChainRig, purseTokens, sendOn } from './chain-rigs.ts'

const testMs = 60_000
const deposit = tokenAmount(10_000_000n)
const vault = tokenAmount(100_000_000n)

type Party = { readonly signer: Signer; readonly chain: Chain }

const label = (name: string): Hash32 =>
  parseHash32(`0x${Buffer.from(name).toString('hex').padStart(64, '0')}`) ?? zeroHash

/** Terms of a lease of 1000 units a second whose deposit lasts about 10,000 seconds. */
export const sampleTerms = (
  tenant: Address,
  host: Address,
  nowSeconds: number,
  name: string,
): Terms => ({
  tenant,
  host,
  signer: tenant,
  deployment: label('deployment'),
  instance: label(name),
  epoch: 1,
  previous: zeroHash,
  manifest: zeroHash,
  observers: zeroHash,
  rate: rate(1_000_000_000_000n),
  extraMax: tokenAmount(0n),
  bond: tokenAmount(1_000_000n),
  quitFee: tokenAmount(100_000n),
  reportFee: tokenAmount(50_000n),
  committed: nowSeconds + 7200,
  bidExpiry: nowSeconds + 3600,
  minimum: 10,
  silence: 60,
  window: 600,
  answerIn: 120,
})

/** What every chain adapter must do. */
export const chainSuite = (name: string, open: () => Promise<ChainRig>): void => {
  describe(`${name} chain`, { timeout: testMs * 3 }, () => {
    const signal = AbortSignal.timeout(testMs * 3)
    let rig: ChainRig
    let tenant: Party
    let host: Party

    const join = async (seed: number): Promise<Party> => {
      const key = new Uint8Array(32).fill(seed)
      const signer = createSigner(key)
      const chain = await rig.connect(key)
      await rig.fund(signer.address)
      return { signer, chain }
    }
    const does = (party: Party, call: ChainCall) => sendOn(party.chain, party.signer, call)
    const now = async () => (await tenant.chain.head(signal)).timestampSeconds
    const bid = async (instance: string, changes: Partial<Terms> = {}) => {
      const { address } = tenant.signer
      const base = sampleTerms(address, host.signer.address, await now(), instance)
      const terms = { ...base, ...changes }
      const signature = host.signer.sign(termsDigest(tenant.chain.info, terms))
      return { id: leaseIdOf(terms), terms, signature }
    }
    const openLease = async (instance: string, changes: Partial<Terms> = {}) => {
      const { id, terms, signature } = await bid(instance, changes)
      await does(tenant, { kind: 'open', terms, deposit, signature })
      return { id, terms }
    }
    const leaseOf = async (id: Hash32) => (await tenant.chain.lease(id, signal)) ?? assert.fail()

    before(async () => {
      rig = await open()
      tenant = await join(0x21)
      host = await join(0x22)
      for (const party of [tenant, host]) {
        await does(party, { kind: 'approve', amount: vault })
        await does(party, { kind: 'deposit', amount: vault })
      }
    })
    after(() => rig.close())

    test('deposits move tokens from the account into the vault and use up the allowance', async () => {
      const { address } = tenant.signer
      assert.equal(await tenant.chain.tokenBalance(address, signal), purseTokens - vault)
      assert.equal(await tenant.chain.balance(address, signal), vault)
      assert.equal(await tenant.chain.allowance(address, signal), 0n)
      assert.equal(await tenant.chain.balance(zeroAddress, signal), 0n)
    })

    test('a withdrawal comes out as tokens', async () => {
      const { address } = host.signer
      const [before, inVault] = [
        await host.chain.tokenBalance(address, signal),
        await host.chain.balance(address, signal),
      ]
      await does(host, { kind: 'withdraw', to: address, amount: tokenAmount(7n) })
      assert.equal(await host.chain.tokenBalance(address, signal), before + 7n)
      assert.equal(await host.chain.balance(address, signal), inVault - 7n)
    })

    test('open puts deposit and bond into escrow and takes the key of the instance', async () => {
      const money = await tenant.chain.balance(tenant.signer.address, signal)
      const { id, terms } = await openLease('opened')
      const lease = await leaseOf(id)
      assert.equal(lease.status, 'running')
      assert.deepEqual(lease.terms, terms)
      assert.equal(lease.deposit, deposit)
      assert.equal(lease.bondLeft, terms.bond)
      assert.equal(lease.ack, lease.opened)
      assert.equal(lease.ended, undefined)
      assert.equal(lease.report, undefined)
      assert.equal(await tenant.chain.current(terms, signal), id)
      assert.equal(await tenant.chain.balance(tenant.signer.address, signal), money - deposit)
    })

    test('a lease that was never opened is undefined and its key is free', async () => {
      const { id, terms } = await bid('never')
      assert.equal(await tenant.chain.lease(id, signal), undefined)
      assert.equal(await tenant.chain.current(terms, signal), zeroHash)
    })

    test('the outlook names the refusal of the contract and of the token', async () => {
      const { terms, signature } = await bid('refused', { epoch: 2 })
      const { address } = tenant.signer
      const wrong = await tenant.chain.outlook(
        { kind: 'open', terms, deposit, signature },
        address,
        signal,
      )
      assert.deepEqual(wrong, { ok: false, refusal: 'NotSuccessor' })
      const poor = await tenant.chain.outlook({ kind: 'deposit', amount: vault }, address, signal)
      assert.deepEqual(poor, { ok: false, refusal: 'ERC20InsufficientAllowance' })
      const much = { kind: 'withdraw', to: address, amount: tokenAmount(vault * 2n) } as const
      const broke = await tenant.chain.outlook(much, address, signal)
      assert.deepEqual(broke, { ok: false, refusal: 'InsufficientBalance' })
    })

    test('a claim pays the host until the receipt, to the unit', async () => {
      const { id, terms } = await openLease('claimed')
      const { opened } = await leaseOf(id)
      await rig.pass(100)
      const until = opened + 90
      const extra = tokenAmount(0n)
      const signature = tenant.signer.sign(
        receiptDigest(tenant.chain.info, { lease: id, until, extra }),
      )
      const before = await host.chain.balance(host.signer.address, signal)
      await does(host, { kind: 'claim', terms, until, extra, signature })
      assert.equal((await leaseOf(id)).ack, until)
      assert.equal(await host.chain.balance(host.signer.address, signal), before + 90_000n)
    })

    test('close pays the service so far and gives the rest back', async () => {
      const { id, terms } = await openLease('closed')
      await rig.pass(50)
      const before = await tenant.chain.balance(tenant.signer.address, signal)
      await does(tenant, { kind: 'close', terms })
      const lease = await leaseOf(id)
      assert.equal(lease.status, 'settled')
      const paid = BigInt(lease.ack - lease.opened) * 1000n
      const after = await tenant.chain.balance(tenant.signer.address, signal)
      assert.equal(after, before + deposit - paid)
      assert.ok(lease.ack - lease.opened >= 50)
    })

    test('quit ends the lease and costs the host its fee', async () => {
      const { id, terms } = await openLease('quit')
      await does(host, { kind: 'quit', terms })
      const lease = await leaseOf(id)
      assert.equal(lease.status, 'ended')
      assert.equal(lease.quit, true)
      assert.equal(lease.bondLeft, terms.bond - terms.quitFee)
      assert.ok(lease.ended !== undefined && lease.ended >= lease.opened)
    })

    test('a successor ends its predecessor and is the current lease', async () => {
      const first = await openLease('succeeded')
      const second = await openLease('succeeded', { epoch: 2, previous: first.id })
      assert.equal((await leaseOf(first.id)).status, 'ended')
      assert.equal(await tenant.chain.current(second.terms, signal), second.id)
    })

    test('an unanswered report is resolved against the host', async () => {
      const { id, terms } = await openLease('reported')
      await rig.pass(100)
      await does(tenant, { kind: 'report', terms })
      const reported = await leaseOf(id)
      assert.equal(reported.status, 'reported')
      assert.equal(reported.report?.by, tenant.signer.address)
      assert.equal(reported.report?.fee, terms.reportFee)
      const early = await tenant.chain.outlook(
        { kind: 'resolve', terms },
        tenant.signer.address,
        signal,
      )
      assert.deepEqual(early, { ok: false, refusal: 'AnswerDue' })
      await rig.pass(Math.max(terms.answerIn, (answerBlocks + 2) * 4))
      await does(tenant, { kind: 'resolve', terms })
      assert.equal((await leaseOf(id)).status, 'settled')
    })

    test('an answer keeps the lease running', async () => {
      const { id, terms } = await openLease('answered')
      await rig.pass(100)
      await does(tenant, { kind: 'report', terms })
      await does(host, { kind: 'answer', terms, signature: '0x' })
      assert.equal((await leaseOf(id)).status, 'running')
    })

    test('events tell what happened in order, with their blocks', async () => {
      const from = (await tenant.chain.head(signal)).number + 1
      const { id, terms } = await openLease('told')
      await does(tenant, { kind: 'close', terms })
      await does(host, { kind: 'announce', operator: host.signer.address, record: '0x1234' })
      const head = await tenant.chain.head(signal)
      const events = await tenant.chain.events(from, head.number, signal)
      assert.deepEqual(
        events.map(({ event }) => event.kind),
        ['Opened', 'Closed', 'announced'],
      )
      const [opened, closed] = events
      assert.ok(opened?.event.kind === 'Opened' && closed !== undefined)
      assert.equal(opened.event.id, id)
      assert.deepEqual(opened.event.terms, terms)
      assert.equal(opened.event.opened, opened.block.timestampSeconds)
      assert.deepEqual(await tenant.chain.block(opened.block.number, signal), opened.block)
      assert.ok(closed.block.number >= opened.block.number)
    })

    test('an operator speaks for the account until it is revoked', async () => {
      const key = createSigner(new Uint8Array(32).fill(0x33)).address
      const is = () => host.chain.isOperator(host.signer.address, key, signal)
      assert.equal(await is(), false)
      await does(host, { kind: 'setOperator', key, allowed: true })
      assert.equal(await is(), true)
      await does(host, { kind: 'setOperator', key, allowed: false })
      assert.equal(await is(), false)
    })

    test('heads come with their parents as the chain moves', async () => {
      const heads = tenant.chain.heads(signal)
      const seen: { number: number }[] = []
      for await (const head of heads) {
        seen.push(head)
        if (seen.length === 3) break
        await rig.pass(4)
      }
      const numbers = seen.map((head) => head.number)
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      )
      assert.equal(new Set(numbers).size, 3)
    })

    test('chain time goes on although no transaction comes', async () => {
      const before = await now()
      await rig.pass(30)
      // Without a transaction the newest block is a few seconds old.
      assert.ok((await now()) >= before + 26)
    })

    test('a nonce counts included transactions, and sending one again does no harm', async () => {
      const { address } = tenant.signer
      const nonce = await tenant.chain.nonce(address, signal)
      const call = { kind: 'approve', amount: tokenAmount(1n) } as const
      const { signed, state } = await does(tenant, call)
      assert.equal(signed.nonce, nonce)
      assert.equal(await tenant.chain.nonce(address, signal), nonce + 1)
      await tenant.chain.broadcast(signed, signal)
      assert.deepEqual(await tenant.chain.transaction(signed.hash, signal), state)
      assert.ok(state.succeeded && state.gasUsed > 0n && state.feeWei > 0n)
    })

    test('another transaction with a used nonce is a conflict', async () => {
      const call = { kind: 'approve', amount: tokenAmount(2n) } as const
      const options = { nonce: 0, gas: 100_000n, feeFactor: 1 }
      const signed = await tenant.chain.sign(call, options, signal)
      await assert.rejects(
        tenant.chain.broadcast(signed, signal),
        (error) => error instanceof ArtelError && error.code === 'conflict',
      )
      assert.equal((await tenant.chain.transaction(signed.hash, signal)).status, 'unknown')
    })

    test('a transaction that reverts is included with the name of the refusal', async () => {
      const { address } = tenant.signer
      const call = { kind: 'withdraw', to: address, amount: tokenAmount(vault * 2n) } as const
      const nonce = await tenant.chain.nonce(address, signal)
      const options = { nonce, gas: 200_000n, feeFactor: 1 }
      const signed = await tenant.chain.sign(call, options, signal)
      await tenant.chain.broadcast(signed, signal)
      const state = await tenant.chain.transaction(signed.hash, signal)
      assert.ok(state.status === 'included')
      assert.equal(state.succeeded, false)
      assert.equal(state.refusal, 'InsufficientBalance')
    })

    test('an account without gas cannot send', async () => {
      const key = new Uint8Array(32).fill(0x44)
      const poor = await rig.connect(key)
      const call = { kind: 'approve', amount: tokenAmount(1n) } as const
      const signed = await poor.sign(call, { nonce: 0, gas: 100_000n, feeFactor: 1 }, signal)
      await assert.rejects(
        poor.broadcast(signed, signal),
        (error) => error instanceof ArtelError && error.code === 'gas',
      )
      assert.equal(await poor.gasBalanceWei(createSigner(key).address, signal), 0n)
    })

    test('a call that is cancelled rejects with the reason', async () => {
      const reason = new Error('enough')
      const over = AbortSignal.abort(reason)
      await assert.rejects(tenant.chain.head(over), reason)
    })
  })
}
