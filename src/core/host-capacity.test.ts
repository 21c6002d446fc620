import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Capacity, couldEverFit, fitBeside, freeOf, type Hold } from './host-capacity.ts'
import type { Resources } from './resources.ts'

const capacity: Capacity = {
  resources: { cpuMilli: 4000, memoryBytes: 8000, diskBytes: 10_000, gpus: 2 },
  gpuIds: ['gpu-a', 'gpu-b'],
  leasesMax: 3,
}
const hold = (resources: Partial<Resources>, gpuIds: readonly string[] = []): Hold => ({
  resources: { cpuMilli: 0, memoryBytes: 0, diskBytes: 0, gpus: 0, ...resources },
  gpuIds,
})

test('what leases and bids hold is not free', () => {
  const free = freeOf(capacity, [hold({ cpuMilli: 1000 }), hold({ memoryBytes: 500 })])
  assert.deepEqual(free, { cpuMilli: 3000, memoryBytes: 7500, diskBytes: 10_000, gpus: 2 })
})

test('a lease gets GPUs that no other lease has', () => {
  const fit = fitBeside(capacity, [hold({ gpus: 1 }, ['gpu-a'])], hold({ gpus: 1 }).resources)
  assert.deepEqual(fit, { ok: true, gpuIds: ['gpu-b'] })
})

test('a request that does not fit hears what is short', () => {
  const fit = fitBeside(capacity, [], hold({ cpuMilli: 5000, gpus: 3 }).resources)
  assert.deepEqual(fit, { ok: false, short: ['cpuMilli', 'gpus'] })
})

test('the number of leases is bounded whatever they hold', () => {
  const holds = [hold({}), hold({}), hold({})]
  assert.deepEqual(fitBeside(capacity, holds, hold({}).resources), { ok: false, short: ['leases'] })
})

test('what could fit an empty host is told from what never fits', () => {
  assert.equal(couldEverFit(capacity, hold({ cpuMilli: 4000 }).resources), true)
  assert.equal(couldEverFit(capacity, hold({ cpuMilli: 4001 }).resources), false)
})

test('accepting only what fits never promises more than there is', () => {
  const part = fc.nat(3000)
  const wanted = fc.record({
    cpuMilli: part,
    memoryBytes: part,
    diskBytes: part,
    gpus: fc.nat(2),
  })
  fc.assert(
    fc.property(fc.array(wanted, { maxLength: 12 }), (requests) => {
      const holds: Hold[] = []
      for (const resources of requests) {
        const fit = fitBeside(capacity, holds, resources)
        if (fit.ok) holds.push({ resources, gpuIds: fit.gpuIds })
      }
      const free = freeOf(capacity, holds)
      const given = holds.flatMap(({ gpuIds }) => gpuIds)
      assert.ok(Object.values(free).every((amount) => amount >= 0))
      assert.equal(new Set(given).size, given.length)
    }),
  )
})
