import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zeroHash } from '#core/ids'
import { freeSubnets, parseSubnetPool } from './subnets.ts'

const lease = (start: string) => `0x${start.padEnd(64, '0')}` as typeof zeroHash

test('a /16 is cut into all its /28', () => {
  const pool = parseSubnetPool('10.213.0.0/16', 28)
  const all = [...freeSubnets(pool, zeroHash, new Set())]
  assert.equal(all.length, 4096)
  assert.deepEqual(
    [all[0], all[1], all.at(-1)],
    ['10.213.0.0/28', '10.213.0.16/28', '10.213.255.240/28'],
  )
})

test('what is taken is passed over, and the search wraps round', () => {
  const pool = parseSubnetPool('10.0.0.0/26', 28)
  const taken = new Set(['10.0.0.48/28'])
  assert.deepEqual(
    [...freeSubnets(pool, lease('00000003'), taken)],
    ['10.0.0.0/28', '10.0.0.16/28', '10.0.0.32/28'],
  )
})

test('ranges that are none are refused', () => {
  for (const range of ['10.0.0.0', '10.0.0.1/16', '10.0.0.0/30', '300.0.0.0/8', 'x/16']) {
    assert.throws(() => parseSubnetPool(range, 28), { code: 'bad-request' })
  }
})
