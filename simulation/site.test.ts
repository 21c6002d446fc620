import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock } from '#adapters/memory/clock'
import { createMemoryLog } from '#adapters/memory/log'
import { createMemoryInternet } from '#adapters/memory/network'
import { createSeededRandom } from '#adapters/memory/random'
import { createMemoryRecords } from '#adapters/memory/records'
import { createSeededSigner } from '#adapters/memory/signer'
import { createSite, type LifePorts } from './site.ts'

/** A node that counts its seconds in its records and may refuse to start. */
const createWorld = (failures = 0) => {
  const clock = createVirtualClock({ startMs: 1_700_000_000_000 })
  const random = createSeededRandom(7)
  const internet = createMemoryInternet({ clock, random: random.fork('internet') })
  const records = createMemoryRecords()
  const signer = createSeededSigner(random.fork('key'))
  let left = failures
  const assemble = ({ clock: own, records: disk }: LifePorts) => {
    const stopping = new AbortController()
    const count = async () => {
      for (let seconds = 1; ; seconds += 1) {
        await own.sleep(1000, stopping.signal)
        disk.put('count', 'seconds', seconds)
        if (seconds % 10 === 0) disk.flush()
      }
    }
    return {
      start: async () => {
        if (left > 0) {
          left -= 1
          throw new Error('not yet')
        }
        count().catch(() => undefined)
      },
      stop: async () => stopping.abort(),
    }
  }
  const site = createSite(
    {
      clock,
      random,
      log: createMemoryLog(),
      signer,
      records,
      network: () => internet.node({ peer: signer.peerId }),
    },
    { name: 'host-0', assemble },
  )
  return { clock, site, records }
}

test('a crash loses what was not flushed, and the dead life writes nothing more', async () => {
  const { clock, site, records } = createWorld()
  const started = site.start()
  await clock.advance(0)
  await started
  await clock.advance(15_000)
  assert.equal(records.get('count', 'seconds'), 15)
  site.crash('reset')
  assert.equal(records.get('count', 'seconds'), 10)
  assert.equal(site.body(), undefined)
  assert.equal(site.soundSinceMs(), undefined)
  await clock.advance(60_000)
  assert.equal(records.get('count', 'seconds'), 10)
})

test('a node that fails to start is started again until it runs', async () => {
  const { clock, site } = createWorld(3)
  let started = false
  const starting = site.start().then(() => {
    started = true
  })
  await clock.advance(14_000)
  assert.equal(started, false)
  await clock.advance(2000)
  await starting
  assert.ok(site.body())
})

test('a crash while it starts is the end of that start', async () => {
  const { clock, site } = createWorld()
  const starting = site.start()
  site.crash('silent')
  await clock.advance(1000)
  await starting
  assert.equal(site.body(), undefined)
  const again = site.start()
  await clock.advance(1000)
  await again
  assert.ok(site.body())
})

test('a node with something in its way is not sound until the last of it is gone', async () => {
  const { clock, site } = createWorld()
  const starting = site.start()
  await clock.advance(1000)
  await starting
  site.hinder(true)
  site.hinder(true)
  site.hinder(false)
  assert.equal(site.soundSinceMs(), undefined)
  await clock.advance(1000)
  site.hinder(false)
  assert.equal(site.soundSinceMs(), clock.nowMs())
})

test('a node that was stopped leaves no wait behind', async () => {
  const { clock, site } = createWorld()
  const starting = site.start()
  await clock.advance(5000)
  await starting
  assert.equal(site.waits(), 1)
  const stopping = site.stop()
  await clock.advance(1000)
  await stopping
  assert.equal(site.waits(), 0)
})
