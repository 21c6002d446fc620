import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LeaseId, parseHash32 } from '#core/ids'
import { keccakText } from '#protocol/canonical'
import { namesCollide, networkName } from './labels.ts'

test('two leases that would share a network are told apart from one and from two others', () => {
  const one: LeaseId = keccakText('one')
  const digits = [...one]
  digits[40] = digits[40] === '0' ? '1' : '0'
  const beside: LeaseId = keccakText('two')
  const close = parseHash32(digits.join('')) ?? one
  assert.equal(networkName(one), networkName(close))
  assert.equal(namesCollide(one, close), true)
  assert.equal(namesCollide(one, one), false)
  assert.equal(namesCollide(one, beside), false)
})
