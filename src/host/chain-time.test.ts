import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock } from '#adapters/memory/clock'
import { zeroHash } from '#core/ids'
import { createChainTime } from './chain-time.ts'

const head = (number: number, timestampSeconds: number) => ({
  number,
  hash: `0x${String(number).padStart(64, '0')}` as typeof zeroHash,
  parent: zeroHash,
  timestampSeconds,
})

test('the chain’s time goes on between its blocks', async () => {
  const clock = createVirtualClock({ startMs: 1_000_000 })
  const time = createChainTime(clock)
  assert.equal(time.nowSeconds(), 1000)
  time.see(head(1, 500))
  await clock.advance(7_500)
  assert.equal(time.nowSeconds(), 507)
  time.see(head(1, 500))
  assert.equal(time.nowSeconds(), 507)
})

test('a promise is dated by the later of chain and machine', async () => {
  const clock = createVirtualClock({ startMs: 1_000_000 })
  const time = createChainTime(clock)
  time.see(head(1, 500))
  assert.equal(time.laterSeconds(), 1000)
  time.see(head(2, 5000))
  assert.equal(time.laterSeconds(), 5000)
})

test('the distance of blocks is learnt from the last ones', () => {
  const time = createChainTime(createVirtualClock({ startMs: 0 }))
  assert.equal(time.blockSeconds(), 0)
  for (let number = 1; number <= 20; number += 1) time.see(head(number, number * 12))
  assert.equal(time.blockSeconds(), 12)
})
