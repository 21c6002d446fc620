import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokenAmount } from '#core/money'
import type { Offer } from '#core/offer'
import { signOffer } from '#protocol/offer'
import { createRunningClock } from '../../test/conformance/network-clock.ts'
import { testFilter, testOffer } from '../../test/conformance/network-offers.ts'
import { testSigner } from '../../test/conformance/network-world.ts'
import { createOfferIndex, defaultIndexOptions, type OfferIndexOptions } from './offer-index.ts'

const hour = 3_600_000
const never = new AbortController().signal
const from = testSigner(0).peerId

const offerOf = (index: number, change: Partial<Offer> = {}) => {
  const signer = testSigner(index)
  return signOffer(testOffer(signer, change), signer)
}
const createIndex = (options: Partial<OfferIndexOptions> = {}) => {
  const clock = createRunningClock()
  return { clock, index: createOfferIndex({ clock }, { ...defaultIndexOptions, ...options }) }
}

test('the newest offer of an operator counts', () => {
  const { index } = createIndex()
  assert.equal(index.add(offerOf(1, { sequence: 5 }), from), 'added')
  assert.equal(index.add(offerOf(1, { sequence: 4 }), from), 'known')
  assert.equal(index.add(offerOf(1, { sequence: 6, freeLeases: 1 }), from), 'added')
  assert.deepEqual(
    index.all().map(({ sequence }) => sequence),
    [6],
  )
})

test('expired, over-long and forged offers are refused and expired ones forgotten', async () => {
  const { clock, index } = createIndex()
  const nowMs = clock.nowMs()
  assert.equal(index.add(offerOf(1, { expiresAtMs: nowMs }), from), 'expired')
  assert.equal(index.add(offerOf(1, { expiresAtMs: nowMs + 49 * hour }), from), 'too-long')
  assert.equal(index.add({ ...offerOf(1), signature: offerOf(2).signature }, from), 'forged')
  const { operator } = offerOf(1).offer
  assert.equal(index.add(offerOf(1, { expiresAtMs: nowMs + hour }), from), 'added')
  assert.ok(index.get(operator))
  await clock.sleep(hour, never)
  assert.equal(index.get(operator), undefined)
  assert.deepEqual(index.all(), [])
  index.prune()
  assert.equal(index.size(), 0)
})

test('a neighbour brings only so many unbacked offers a minute, unless it was asked', async () => {
  const { clock, index } = createIndex({ unbackedPerMinuteMax: 2 })
  assert.equal(index.add(offerOf(1), from), 'added')
  assert.equal(index.add(offerOf(2), from), 'added')
  assert.equal(index.add(offerOf(3), from), 'limited')
  assert.equal(index.add(offerOf(3), from, { solicited: true }), 'added')
  assert.equal(index.add(offerOf(4), testSigner(9).peerId), 'added')
  await clock.sleep(30_000, never)
  assert.equal(index.add(offerOf(5), from), 'added')
})

test('new peer ids do not get around the limit of all neighbours together', () => {
  const { index } = createIndex({ unbackedPerMinuteMaxAll: 2 })
  const outcomes = [1, 2, 3].map((n) => index.add(offerOf(n), testSigner(n).peerId))
  assert.deepEqual(outcomes, ['added', 'added', 'limited'])
})

test('when it is full unbacked offers make room first', () => {
  const { index } = createIndex({
    offersMax: 2,
    isBacked: ({ terms }) => terms.bondMax > 0n,
  })
  const bonded = { terms: { ...offerOf(1).offer.terms, bondMax: tokenAmount(5n) } }
  index.add(offerOf(1, bonded), from)
  index.add(offerOf(2), from)
  index.add(offerOf(3), from)
  assert.equal(index.size(), 2)
  assert.ok(index.get(offerOf(1).offer.operator))
  assert.ok(index.get(offerOf(3).offer.operator))
})

test('pages go through all matching offers once, in operator order', () => {
  const { index } = createIndex()
  for (let n = 1; n <= 9; n += 1) {
    index.add(offerOf(n, { place: { region: n % 3 === 0 ? 'eu-de' : 'local' } }), from)
  }
  const filter = testFilter({ regions: ['local'] })
  const seen: string[] = []
  let page = index.query(filter, undefined, 4)
  assert.equal(page.offers.length, 4)
  seen.push(...page.offers.map(({ offer }) => offer.operator))
  page = index.query(filter, page.next, 4)
  assert.equal(page.next, undefined)
  seen.push(...page.offers.map(({ offer }) => offer.operator))
  assert.equal(seen.length, 6)
  assert.deepEqual(seen, [...new Set(seen)].sort())
})

test('handlers hear of changes until they leave', () => {
  const { index } = createIndex()
  let heard = 0
  const leave = index.onChange(() => {
    heard += 1
  })
  index.add(offerOf(1), from)
  index.add(offerOf(1), from)
  leave()
  index.add(offerOf(2), from)
  assert.equal(heard, 1)
})
