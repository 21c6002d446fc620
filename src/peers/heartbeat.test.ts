import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestInternet } from '../../test/conformance/network-world.ts'
import { createHeartbeat, type Pulse } from './heartbeat.ts'

const never = new AbortController().signal

test('a watched peer is seen every interval and its silence grows when it is gone', async (t) => {
  const { clock, node, close } = await createTestInternet(2)
  t.after(close)
  const heartbeat = createHeartbeat({ clock, ping: node(0).pingMs })
  const peer = node(1).self
  const leave = heartbeat.watch(peer)
  await clock.sleep(30_000, never)
  const well = heartbeat.of(peer)
  assert.ok(well && well.silentMs <= 5000)
  assert.equal(Math.round(well.rttMs ?? 0), 40)
  node(1).crash('silent')
  await clock.sleep(30_000, never)
  const gone = heartbeat.of(peer)
  assert.ok(gone && gone.silentMs >= 30_000 && gone.silentMs <= 35_000, `${gone?.silentMs}`)
  assert.equal(gone.lastSeenMs, clock.nowMs() - gone.silentMs)
  heartbeat.seen(peer)
  assert.equal(heartbeat.of(peer)?.silentMs, 0)
  leave()
  assert.equal(heartbeat.of(peer), undefined)
  await heartbeat.stop()
})

test('handlers hear every answer and failure; the bound of watched peers holds', async (t) => {
  const { clock, node, close } = await createTestInternet(3)
  t.after(close)
  const heartbeat = createHeartbeat({ clock, ping: node(0).pingMs }, { peersMax: 1 })
  const heard: Pulse[] = []
  heartbeat.onChange((pulse) => heard.push(pulse))
  const [leave, again] = [heartbeat.watch(node(1).self), heartbeat.watch(node(1).self)]
  assert.throws(() => heartbeat.watch(node(2).self), { code: 'busy' })
  await clock.sleep(12_000, never)
  assert.equal(heard.length, 3)
  leave()
  leave()
  assert.ok(heartbeat.of(node(1).self))
  again()
  await heartbeat.stop()
  const before = heard.length
  await clock.sleep(20_000, never)
  assert.equal(heard.length, before)
})
