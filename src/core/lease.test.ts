import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress, zeroHash } from './ids.ts'
import {
  answerOverdue,
  conceded,
  endOf,
  exhausted,
  type LeaseRecord,
  owed,
  statusAt,
  timeMax,
} from './lease.ts'
import { rate, tokenAmount } from './money.ts'
import type { Terms } from './terms.ts'

const account = parseAddress(`0x${'11'.repeat(20)}`) ?? assert.fail()
const terms: Terms = {
  tenant: account,
  host: account,
  signer: account,
  deployment: zeroHash,
  instance: zeroHash,
  epoch: 1,
  previous: zeroHash,
  manifest: zeroHash,
  observers: zeroHash,
  rate: rate(333_333_333n),
  extraMax: tokenAmount(10n),
  bond: tokenAmount(0n),
  quitFee: tokenAmount(0n),
  reportFee: tokenAmount(0n),
  committed: 2_000,
  bidExpiry: 2_000,
  minimum: 60,
  silence: 60,
  window: 3600,
  answerIn: 7200,
}
const lease: LeaseRecord = {
  id: zeroHash,
  terms,
  status: 'running',
  opened: 1_000,
  deposit: tokenAmount(110n),
  bondLeft: tokenAmount(0n),
  ack: 1_000,
  extra: tokenAmount(0n),
  quit: false,
}

test('a lease is exhausted when what the deposit holds beside extras is earned', () => {
  assert.equal(exhausted(lease), 1_300)
  assert.equal(exhausted({ ...lease, deposit: tokenAmount(10n) }), 1_000)
})

test('a lease of rate 0 is exhausted when its commitment ends', () => {
  assert.equal(exhausted({ ...lease, terms: { ...terms, rate: rate(0n) } }), 2_000)
})

test('exhaustion stays within the time that the contract stores', () => {
  assert.equal(exhausted({ ...lease, deposit: tokenAmount(2n ** 90n) }), timeMax)
})

test('a lease ends at what comes first: its end by transaction, exhaustion, or now', () => {
  assert.equal(endOf(lease, 1_100), 1_100)
  assert.equal(endOf(lease, 9_999), 1_300)
  assert.equal(endOf({ ...lease, ended: 1_200 }, 9_999), 1_200)
  assert.equal(statusAt(lease, 1_299), 'running')
  assert.equal(statusAt(lease, 1_300), 'ended')
})

test('what is owed is floored once over the whole service and extras are capped', () => {
  assert.equal(owed(lease, 1_001, tokenAmount(0n)), 0n)
  assert.equal(owed(lease, 1_003, tokenAmount(0n)), 0n)
  assert.equal(owed(lease, 1_004, tokenAmount(4n)), 5n)
  assert.equal(owed(lease, 1_300, tokenAmount(99n)), 109n)
})

test('closing concedes the minimum, but not to a host that quit', () => {
  assert.equal(conceded(lease, 1_010), 1_060)
  assert.equal(conceded(lease, 1_090), 1_090)
  assert.equal(conceded({ ...lease, quit: true, ended: 1_005 }, 1_010), 1_005)
})

test('an answer is overdue only when both the seconds and the blocks have passed', () => {
  const report = { at: 5_000, block: 100, by: account, fee: tokenAmount(0n) }
  assert.equal(answerOverdue(terms, report, 12_199, 130), false)
  assert.equal(answerOverdue(terms, report, 12_200, 129), false)
  assert.equal(answerOverdue(terms, report, 12_200, 130), true)
})
