import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultRules, type OwnerRules } from '#core/host-rules'
import { zeroAddress, zeroHash } from '#core/ids'
import { rate, tokenAmount } from '#core/money'
import { type BidContext, type BidRequest, bidSecondsOf, draftTerms } from './draft-terms.ts'

const rules: OwnerRules = {
  ...defaultRules,
  leaseSecondsMax: 10_000,
  bond: tokenAmount(5n),
  quitFee: tokenAmount(3n),
  reportFee: tokenAmount(1n),
}
const request: BidRequest = {
  tenant: zeroAddress,
  deployment: zeroHash,
  instance: zeroHash,
  epoch: 4,
  previous: zeroHash,
  observers: zeroHash,
  durationSeconds: 500,
}
const context: BidContext = {
  host: zeroAddress,
  signer: zeroAddress,
  manifest: zeroHash,
  rate: rate(7n),
  now: 1000,
  bidSeconds: 30,
}

test('a bid stands for thirty seconds, or three blocks where they are slow', () => {
  assert.equal(bidSecondsOf(2), 30)
  assert.equal(bidSecondsOf(12), 36)
})

test('the host commits itself for what was asked, an hour for an open end, never beyond its rule', () => {
  const committed = (durationSeconds: number) =>
    draftTerms(rules, { ...request, durationSeconds }, context).committed
  assert.equal(committed(500), 1500)
  assert.equal(committed(0), 4600)
  assert.equal(committed(1_000_000), 11_000)
})

test('a commitment is never over before the bid is', () => {
  const terms = draftTerms(rules, { ...request, durationSeconds: 1 }, context)
  assert.ok(terms.committed > terms.bidExpiry)
})

test("the owner's bond and fees are in the terms, and no metered extras", () => {
  const { bond, quitFee, reportFee, extraMax, epoch } = draftTerms(rules, request, context)
  assert.deepEqual([bond, quitFee, reportFee, extraMax, epoch], [5n, 3n, 1n, 0n, 4])
})
