import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rate } from './money.ts'
import { priceOf } from './offer.ts'

const price = fc.record({
  base: fc.bigInt({ min: 0n, max: 10n ** 15n }).map(rate),
  perCpu: fc.bigInt({ min: 0n, max: 10n ** 15n }).map(rate),
  perMemoryGib: fc.bigInt({ min: 0n, max: 10n ** 15n }).map(rate),
  perDiskGib: fc.bigInt({ min: 0n, max: 10n ** 15n }).map(rate),
  perGpu: fc.bigInt({ min: 0n, max: 10n ** 15n }).map(rate),
})
const resources = fc.record({
  cpuMilli: fc.integer({ min: 0, max: 4_096_000 }),
  memoryBytes: fc.integer({ min: 0, max: 2 ** 45 }),
  diskBytes: fc.integer({ min: 0, max: 2 ** 50 }),
  gpus: fc.integer({ min: 0, max: 64 }),
})
const gib = 1024 ** 3

test('whole units cost exactly their prices', () => {
  fc.assert(
    fc.property(price, fc.nat(64), fc.nat(64), (prices, cpus, gibs) => {
      const wanted = { cpuMilli: cpus * 1000, memoryBytes: gibs * gib, diskBytes: gib, gpus: 2 }
      const expected =
        prices.base +
        prices.perCpu * BigInt(cpus) +
        prices.perMemoryGib * BigInt(gibs) +
        prices.perDiskGib +
        prices.perGpu * 2n
      assert.equal(priceOf({ price: prices }, wanted), expected)
    }),
  )
})

test('fractions are rounded up once, and more never costs less', () => {
  fc.assert(
    fc.property(price, resources, (prices, wanted) => {
      const offer = { price: prices }
      const one = priceOf(offer, wanted)
      const more = priceOf(offer, { ...wanted, cpuMilli: wanted.cpuMilli + 1 })
      assert.ok(more >= one)
      const double = priceOf(offer, {
        cpuMilli: wanted.cpuMilli * 2,
        memoryBytes: wanted.memoryBytes * 2,
        diskBytes: wanted.diskBytes * 2,
        gpus: wanted.gpus * 2,
      })
      assert.ok(double <= 2n * one - prices.base && double >= 2n * one - prices.base - 1n)
    }),
  )
})
