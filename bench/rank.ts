import { createSeededRandom } from '#adapters/memory/random'
import type { Address, PeerId } from '#core/ids'
import type { Listing } from '#core/scheduling/listing'
import { match } from '#core/scheduling/match'
import { rank } from '#core/scheduling/rank'
import { type Measure, median } from './measure.ts'

const offers = 100_000
const rounds = 15
const gib = 1024 ** 3
const leases = `0x${'c'.repeat(40)}` as Address

const market = (): readonly Listing[] => {
  const random = createSeededRandom(7)
  const regions = ['eu', 'us', 'asia'] as const
  return Array.from({ length: offers }, (_, index) => ({
    host: {
      address: `0x${index.toString(16).padStart(40, '0')}` as Address,
      peer: `16Uiu2HAm${index}` as PeerId,
      region: regions[random.integer(3)] ?? 'eu',
    },
    chainId: 1,
    leases,
    expiresAtMs: 1_000_000,
    resources: {
      cpuMilli: 1000 * (1 + random.integer(16)),
      memoryBytes: gib * (1 + random.integer(64)),
      diskBytes: 100 * gib,
      gpus: random.integer(2),
    },
    arch: 'amd64',
    isolation: ['container'],
    network: ['egress', 'none'],
    freeLeases: random.integer(5),
    bonded: random.integer(2) === 1,
    facts: {
      latencyMs: random.integer(200),
      settled: random.integer(100),
      failed: random.integer(5),
      ownSettled: random.integer(3),
      ownFailed: 0,
    },
    price: {
      base: random.integer(10),
      perCpu: 100 + random.integer(100),
      perMemoryGib: 20,
      perDiskGib: 1,
      perGpu: 1000,
    },
  }))
}

/** Matching and ranking a typical request over a large market. */
export const measureRank = (): readonly Measure[] => {
  const listings = market()
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now()
    const { candidates } = match(listings, {
      requirements: {
        version: 1,
        resources: { cpuMilli: 2000, memoryBytes: 4 * gib, diskBytes: gib, gpus: 0 },
        isolation: 'container',
        network: 'egress',
      },
      archs: ['amd64'],
      regions: [],
      hosts: [],
      chainId: 1,
      leases,
      self: 'self' as PeerId,
      avoid: new Set(),
      nowMs: 1,
      tokenDecimals: 6,
    })
    const best = rank(candidates, { imageBytes: gib, holders: new Set() })
    times.push(performance.now() - started)
    if (best.length === 0) throw new Error('the market matches nothing')
  }
  return [
    {
      name: 'match and rank 100,000 offers',
      value: median(times),
      unit: 'ms',
      target: { atMost: 20 },
    },
  ]
}
