import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { zeroAddress, zeroHash } from '#core/ids'
import { rate, tokenAmount } from '#core/money'
import type { Terms } from '#core/terms'
import type { ChainCall } from '#ports/chain'
import { chainCallSchema } from './chain-call.ts'

const terms: Terms = {
  tenant: zeroAddress,
  host: zeroAddress,
  signer: zeroAddress,
  deployment: zeroHash,
  instance: zeroHash,
  epoch: 3,
  previous: zeroHash,
  manifest: zeroHash,
  observers: zeroHash,
  rate: rate(2n ** 100n),
  extraMax: tokenAmount(1n),
  bond: tokenAmount(2n),
  quitFee: tokenAmount(3n),
  reportFee: tokenAmount(4n),
  committed: 5,
  bidExpiry: 6,
  minimum: 7,
  silence: 8,
  window: 9,
  answerIn: 10,
}
const amount = tokenAmount(2n ** 90n)
const receipt = { terms, until: 11, extra: amount, signature: '0x12' } as const
const calls: readonly ChainCall[] = [
  { kind: 'deposit', amount },
  { kind: 'withdraw', to: zeroAddress, amount },
  { kind: 'setOperator', key: zeroAddress, allowed: true },
  {
    kind: 'authorize',
    delegate: zeroAddress,
    deployment: zeroHash,
    limits: { cap: amount, maxRate: rate(1n), cooldown: 1, expiry: 2 },
  },
  { kind: 'open', terms, deposit: amount, signature: '0x12' },
  { kind: 'topUp', terms, amount },
  { kind: 'claim', ...receipt },
  { kind: 'claimSilent', terms },
  { kind: 'close', terms },
  { kind: 'quit', terms },
  { kind: 'report', terms },
  { kind: 'answer', terms, signature: '0x' },
  { kind: 'resolve', terms },
  {
    kind: 'resolveAbsent',
    terms,
    from: 1,
    quorum: 1,
    observers: [zeroAddress],
    signatures: ['0x12'],
  },
  { kind: 'settle', terms },
  { kind: 'claimBatch', items: [receipt] },
  { kind: 'settleBatch', items: [terms] },
  { kind: 'approve', amount },
  { kind: 'mint', to: zeroAddress, amount },
  { kind: 'announce', operator: zeroAddress, record: '0x12' },
  { kind: 'transferGas', to: zeroAddress, wei: 2n ** 70n },
]

test('every call comes back from its JSON as it was', () => {
  for (const call of calls) {
    const json = JSON.parse(JSON.stringify(z.encode(chainCallSchema, call)))
    assert.deepEqual(z.decode(chainCallSchema, json), call)
  }
})

test('a call with a field too many or out of range does not parse', () => {
  assert.equal(chainCallSchema.safeParse({ kind: 'close', terms, more: 1 }).success, false)
  assert.equal(chainCallSchema.safeParse({ kind: 'deposit', amount: '-1' }).success, false)
  assert.equal(chainCallSchema.safeParse({ kind: 'explode' }).success, false)
})
