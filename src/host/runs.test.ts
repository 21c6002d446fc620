import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock } from '#adapters/memory/clock'
import { createMemoryEngine } from '#adapters/memory/engine'
import { createMemoryFirewall } from '#adapters/memory/firewall'
import { createMemoryLog } from '#adapters/memory/log'
import { createMemoryRecords } from '#adapters/memory/records'
import { createMemorySpools } from '#adapters/memory/spools'
import { createMemoryVolumes } from '#adapters/memory/volumes'
import { zeroAddress } from '#core/ids'
import { keccakText } from '#protocol/canonical'
import { newRun } from '../../test/integration/host/stage.ts'
import { createBackground } from './background.ts'
import { containerDefaults } from './container-spec.ts'
import { createImages } from './images.ts'
import { createNetworks } from './networks.ts'
import { createRunStore } from './run-store.ts'
import { Runs } from './runs.ts'

const createRuns = (): Runs => {
  const clock = createVirtualClock({ startMs: 0 })
  const volumes = createMemoryVolumes()
  const engine = createMemoryEngine({ clock, volumes })
  const [log, records] = [createMemoryLog(), createMemoryRecords()]
  const firewall = createMemoryFirewall()
  const base = { clock, engine, firewall, log, records, background: createBackground(log) }
  const images = createImages(base, { imageBytesMax: 1, cacheBytesMax: 1, pullTimeoutMs: 1 })
  const subnets = { node: zeroAddress, subnetPool: '10.213.0.0/16' }
  const networks = createNetworks(base, subnets)
  const stores = { spools: createMemorySpools(), volumes, runs: createRunStore(records) }
  return new Runs(
    { ...base, ...stores, images, networks },
    {
      node: zeroAddress,
      container: containerDefaults,
      hidesGpus: () => false,
      spoolBytesMax: 1,
      runsPerLeaseMax: 1,
    },
  )
}

test('tasks in containers of their own do not share what was leased once', async () => {
  const runs = createRuns()
  const [lease, another] = [keccakText('one'), keccakText('another')]
  const over = Promise.withResolvers<string>()
  const first = runs.outside(lease, newRun(), () => over.promise)
  const second = runs.outside(lease, newRun(), async () => 'second')
  await assert.rejects(second, { code: 'busy' })
  assert.equal(await runs.outside(another, newRun(), async () => 'other'), 'other')
  over.resolve('first')
  assert.equal(await first, 'first')
  assert.equal(await runs.outside(lease, newRun(), async () => 'third'), 'third')
})
