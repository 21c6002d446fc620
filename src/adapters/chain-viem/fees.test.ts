import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArtelError } from '#core/errors'
import { zeroHash } from '#core/ids'
import type { Blocks } from './blocks.ts'
import { createFeeMarket } from './fees.ts'
import type { Rpc } from './rpc.ts'

const { signal } = new AbortController()
const gwei = 1_000_000_000n
const ref = { number: 1, hash: zeroHash, parent: zeroHash, timestampSeconds: 1 }

const market = (baseFeeWei: bigint, tip: string, feeMaxWei: bigint) => {
  const rpc: Rpc = {
    ask: async () => ({ ok: true, result: tip }),
    read: () => Promise.reject(new Error('not asked')),
  }
  const blocks: Pick<Blocks, 'latest'> = { latest: async () => ({ ref, baseFeeWei }) }
  return createFeeMarket(rpc, blocks, feeMaxWei)
}

test('a transaction offers twice the base fee and the tip, and a replacement more of both', async () => {
  const { fees } = market(10n * gwei, '0x3b9aca00', 500n * gwei)
  assert.deepEqual(await fees(1, signal), {
    maxFeePerGas: 21n * gwei,
    maxPriorityFeePerGas: gwei,
  })
  assert.deepEqual(await fees(2, signal), {
    maxFeePerGas: 42n * gwei,
    maxPriorityFeePerGas: 2n * gwei,
  })
})

test('no transaction offers more than the cap', async () => {
  const { fees } = market(400n * gwei, '0x3b9aca00', 500n * gwei)
  assert.deepEqual(await fees(1, signal), {
    maxFeePerGas: 500n * gwei,
    maxPriorityFeePerGas: gwei,
  })
  const dear = market(gwei, '0x174876e800', 50n * gwei)
  await assert.rejects(
    dear.fees(1, signal),
    (error) => error instanceof ArtelError && error.code === 'gas',
  )
})
