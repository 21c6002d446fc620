import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WorldOptions } from './options.ts'
import type { Plant } from './plants/plants.ts'
import { divergence } from './trace.ts'
import { runWorld, type WorldHooks } from './world.ts'

const hooks: WorldHooks = {
  onProgress: () => undefined,
  onUnhandled: (report) => {
    process.on('unhandledRejection', report)
    return () => void process.off('unhandledRejection', report)
  },
}

const small: WorldOptions = { seed: 5, hosts: 2, tenants: 1, hours: 0.4, faults: 'none' }
const withPlant = (plant: Plant) => runWorld({ ...small, plant }, hooks)

test('a world with many faults keeps every promise, and its seed repeats it to the letter', async () => {
  const options: WorldOptions = { ...small, hosts: 3, faults: 'many' }
  const first = await runWorld(options, hooks)
  const second = await runWorld(options, hooks)
  assert.equal(first.violation, undefined)
  assert.equal(divergence(first.trace, second.trace), undefined)
  assert.ok(first.stats.leasesOpened > 0 && first.stats.runs > 0)
  assert.equal(first.stats.leasesSettled, first.stats.leasesOpened)
})

const planted: readonly Plant[] = [
  'money-conserved',
  'bonds-lost-fairly',
  'exits-true',
  'bills-true',
  'nothing-leaked',
  'queues-bounded',
]

for (const plant of planted) {
  test(`in a whole world ${plant} finds its planted bug`, async () => {
    const { violation } = await withPlant(plant)
    assert.equal(violation?.checker, plant)
  })
}

test('in a whole world honest-unharmed finds faults where none should be', async () => {
  const options: WorldOptions = { ...small, seed: 3, hosts: 3, tenants: 2, hours: 1 }
  const { violation } = await runWorld({ ...options, plant: 'honest-unharmed' }, hooks)
  assert.equal(violation?.checker, 'honest-unharmed')
})

test('a world that draws on real time does not repeat itself', async () => {
  const [first, second] = [await withPlant('same-trace'), await withPlant('same-trace')]
  assert.equal(first.violation, undefined)
  assert.match(divergence(first.trace, second.trace) ?? '', /entry \d+/)
})
