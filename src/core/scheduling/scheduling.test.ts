import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Address, PeerId } from '#core/ids'
import { rate } from '#core/money'
import type { HostFacts, Listing } from './listing.ts'
import { type MatchRequest, match } from './match.ts'
import { rank } from './rank.ts'

const chain = `0x${'c'.repeat(40)}` as Address
const gib = 1024 ** 3

const noFacts: HostFacts = { settled: 0, failed: 0, ownSettled: 0, ownFailed: 0 }
const noImage = { imageBytes: 0, holders: new Set<string>() }

const listing = (index: number, change: Partial<Listing> = {}): Listing => ({
  host: {
    address: `0x${index.toString(16).padStart(40, '0')}` as Address,
    peer: `16Uiu2HAm${index}` as PeerId,
    region: 'eu',
  },
  chainId: 1,
  leases: chain,
  expiresAtMs: 1_000_000,
  resources: { cpuMilli: 4000, memoryBytes: 8 * gib, diskBytes: 100 * gib, gpus: 0 },
  arch: 'amd64',
  isolation: ['container'],
  network: ['egress', 'none'],
  freeLeases: 4,
  bonded: true,
  facts: noFacts,
  price: { base: 10, perCpu: 100, perMemoryGib: 20, perDiskGib: 1, perGpu: 1000 },
  ...change,
})

const request = (change: Partial<MatchRequest> = {}): MatchRequest => ({
  requirements: {
    version: 1,
    resources: { cpuMilli: 1000, memoryBytes: gib, diskBytes: gib, gpus: 0 },
    isolation: 'container',
    network: 'egress',
  },
  archs: ['amd64'],
  regions: [],
  hosts: [],
  chainId: 1,
  leases: chain,
  self: 'self',
  avoid: new Set(),
  nowMs: 1,
  tokenDecimals: 6,
  ...change,
})

const anyListing = fc
  .record({
    index: fc.integer({ min: 0, max: 10_000 }),
    cpuMilli: fc.integer({ min: 0, max: 3000 }),
    gpus: fc.integer({ min: 0, max: 2 }),
    region: fc.constantFrom('eu', 'us'),
    bonded: fc.boolean(),
    freeLeases: fc.integer({ min: 0, max: 2 }),
    base: fc.integer({ min: 0, max: 5 }),
  })
  .map(({ index, cpuMilli, gpus, region, bonded, freeLeases, base }) => {
    const made = listing(index, { bonded, freeLeases })
    return {
      ...made,
      host: { ...made.host, region },
      resources: { ...made.resources, cpuMilli, gpus },
      price: { ...made.price, base },
    }
  })
const listings = fc.uniqueArray(anyListing, { selector: ({ host }) => host.address, maxLength: 40 })

test('every offer is either a candidate or counted under exactly one constraint', () => {
  fc.assert(
    fc.property(listings, (all) => {
      const { candidates, excluded } = match(all, request({ regions: ['eu'] }))
      const left = excluded.reduce((sum, { count }) => sum + count, 0)
      assert.equal(candidates.listings.length + left, all.length)
      for (const one of candidates.listings) {
        assert.equal(one.host.region, 'eu')
        assert.ok(one.resources.cpuMilli >= 1000 && one.freeLeases > 0)
      }
    }),
  )
})

test('a constraint that is loosened never loses a candidate', () => {
  fc.assert(
    fc.property(listings, (all) => {
      const strict = match(all, request({ regions: ['eu'], rateMax: rate(133n) })).candidates
      const loose = new Set(match(all, request()).candidates.listings)
      for (const one of strict.listings) assert.ok(loose.has(one))
    }),
  )
})

test('exclusions are told in words for people', () => {
  const all = [
    listing(1, { chainId: 2 }),
    listing(2),
    listing(3, { freeLeases: 0 }),
    listing(4, { arch: 'arm64' }),
  ]
  const { excluded } = match(
    all,
    request({ rateMax: rate(1n), requirements: { ...request().requirements } }),
  )
  assert.deepEqual(
    excluded.map(({ constraint }) => constraint),
    ['no free lease', 'other chain', 'platform amd64', 'price above 0/h'],
  )
  const memory = request()
  const large = {
    ...memory.requirements,
    resources: { ...memory.requirements.resources, memoryBytes: 64 * gib },
  }
  assert.deepEqual(match([listing(1)], request({ requirements: large })).excluded, [
    { constraint: 'memory 64 GiB', count: 1 },
  ])
})

test('the order of the offers does not change the ranking', () => {
  fc.assert(
    fc.property(listings, fc.array(fc.nat()), (all, swaps) => {
      const shuffled = [...all]
      swaps.forEach((swap, index) => {
        const [a, b] = [swap % shuffled.length, index % shuffled.length]
        const [left, right] = [shuffled[a], shuffled[b]]
        if (left !== undefined && right !== undefined) {
          shuffled[a] = right
          shuffled[b] = left
        }
      })
      const order = (some: readonly Listing[]) =>
        rank(match(some, request()).candidates, noImage, 5).map((one) => one.listing.host.address)
      assert.deepEqual(order(shuffled), order(all))
    }),
  )
})

test('a short ranking is the beginning of a long one, and scores never fall', () => {
  fc.assert(
    fc.property(listings, (all) => {
      const { candidates } = match(all, request())
      const long = rank(candidates, noImage, 100)
      assert.equal(long.length, candidates.listings.length)
      assert.deepEqual(rank(candidates, noImage, 3), long.slice(0, 3))
      for (const [index, one] of long.entries()) {
        assert.ok(one.score >= (long[index - 1]?.score ?? 0))
      }
    }),
  )
})

test('bonded hosts come before unbonded ones, whatever the price', () => {
  const dear = listing(1, { price: { ...listing(1).price, base: 10_000 } })
  const cheap = listing(2, { bonded: false, price: { ...listing(2).price, base: 0 } })
  const { candidates } = match([cheap, dear], request())
  const [first] = rank(candidates, noImage)
  assert.equal(first?.listing, dear)
})

test('own bad experience outweighs a good name', () => {
  const bad = listing(1, { facts: { ...noFacts, settled: 20, ownFailed: 8 } })
  const good = listing(2, { facts: { ...noFacts, settled: 3 } })
  const [first] = rank(match([bad, good], request()).candidates, noImage)
  assert.equal(first?.listing, good)
})

test('the host that is near or holds the image wins at an equal price', () => {
  const far = listing(1, { facts: { ...noFacts, latencyMs: 300 } })
  const near = listing(2, { facts: { ...noFacts, latencyMs: 10 } })
  const { candidates } = match([far, near], request())
  assert.equal(rank(candidates, noImage)[0]?.listing, near)
  const large = { imageBytes: 4 * gib, holders: new Set([far.host.address]) }
  assert.equal(rank(candidates, large)[0]?.listing, far)
})
