import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Anvil, anvilKey, startAnvil } from '#adapters/chain-viem/anvil'
import { createViemChain } from '#adapters/chain-viem/chain'
import { type Deployed, deployContracts } from '#adapters/chain-viem/deploy'
import { createSigner } from '#adapters/crypto-node/signer'
import { ArtelError, type ErrorCode } from '#core/errors'
import { parseAddress } from '#core/ids'
import { tokenAmount } from '#core/money'
import { freePort, sendOn } from '../../conformance/chain-rigs.ts'

const testMs = 60_000
const isCode = (code: ErrorCode) => (error: unknown) => {
  assert.ok(error instanceof ArtelError, String(error))
  assert.equal(error.code, code, error.message)
  return true
}

describe('a local chain', { timeout: testMs }, () => {
  const signal = AbortSignal.timeout(testMs)
  const banker = createSigner(anvilKey)
  let directory: string
  let port: number
  let anvil: Anvil
  let contracts: Deployed

  const connect = (changes: { chainId?: number; contracts?: Deployed; rpcUrl?: string } = {}) =>
    createViemChain(
      {
        rpcUrl: anvil.rpcUrl,
        chainId: contracts.chainId,
        contracts,
        privateKey: anvilKey,
        pollMs: 20,
        ...changes,
      },
      signal,
    )

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'artel-anvil-'))
    port = await freePort()
    anvil = await startAnvil({ directory, port, blockSeconds: 1 })
    contracts = await deployContracts({ rpcUrl: anvil.rpcUrl, privateKey: anvilKey })
  })
  after(async () => {
    await anvil.stop()
    await rm(directory, { recursive: true, force: true })
  })

  test('keeps its contracts and balances through a restart', async () => {
    const before = await connect()
    const amount = tokenAmount(77n)
    await sendOn(before, banker, { kind: 'mint', to: banker.address, amount })
    await anvil.stop()
    await assert.rejects(before.head(signal), isCode('unavailable'))
    anvil = await startAnvil({ directory, port, blockSeconds: 1 })
    const chain = await connect()
    assert.equal(await chain.tokenBalance(banker.address, signal), 77n)
  })

  test('makes blocks without a transaction, so that its time follows ours', async () => {
    const chain = await connect()
    const { timestampSeconds, number } = await chain.head(signal)
    for await (const head of chain.heads(signal)) {
      if (head.number < number + 2) continue
      assert.ok(head.timestampSeconds > timestampSeconds)
      assert.ok(Math.abs(head.timestampSeconds - Date.now() / 1000) < 10)
      break
    }
  })

  test('says which port is taken', async () => {
    await assert.rejects(startAnvil({ directory: join(directory, 'other'), port }), (error) => {
      assert.match(String(error), new RegExp(String(port)))
      return isCode('conflict')(error)
    })
  })

  test('is refused under another chain id', async () => {
    await assert.rejects(connect({ chainId: 1 }), isCode('wrong-chain'))
  })

  test('is refused when a contract is not there or is another', async () => {
    const nobody = parseAddress(`0x${'99'.repeat(20)}`) ?? assert.fail()
    const missing = { ...contracts, leases: nobody }
    await assert.rejects(connect({ contracts: missing }), isCode('wrong-chain'))
    const foreign = { ...contracts, token: contracts.hosts }
    await assert.rejects(connect({ contracts: foreign }), isCode('wrong-chain'))
  })

  test('is unavailable where nothing listens', async () => {
    const rpcUrl = `http://127.0.0.1:${await freePort()}`
    await assert.rejects(connect({ rpcUrl }), isCode('unavailable'))
  })

  test('is reached over a websocket too', async () => {
    const lifetime = new AbortController()
    const chain = await createViemChain(
      {
        rpcUrl: anvil.rpcUrl.replace('http', 'ws'),
        chainId: contracts.chainId,
        contracts,
        privateKey: anvilKey,
      },
      lifetime.signal,
    )
    assert.equal(await chain.tokenBalance(banker.address, signal), 77n)
    lifetime.abort()
  })
})
