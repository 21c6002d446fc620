import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArtelError, type ErrorCode } from '#core/errors'
import type { PeerStream } from '#ports/network'
import { createTestInternet, type TestInternet } from '../../../test/conformance/network-world.ts'

const never = new AbortController().signal
const protocol = '/artel/test/1'
const withCode = (code: ErrorCode) => (error: unknown) =>
  error instanceof ArtelError && error.code === code

/** A stream of node 0 to node 1 and the end that node 1 got. */
const connectedPair = async (world: TestInternet) => {
  const inbound = Promise.withResolvers<PeerStream>()
  world.node(1).handle(protocol, inbound.resolve)
  const stream = await world.node(0).open(world.node(1).self, protocol, never)
  return { stream, served: await inbound.promise }
}

const firstRead = async (stream: PeerStream) => stream.read[Symbol.asyncIterator]().next()

test('bytes take latency and bandwidth of their link', async () => {
  const world = await createTestInternet(2, { link: { latencyMs: 100, bytesPerSecond: 1_000_000 } })
  const { stream, served } = await connectedPair(world)
  const beganMs = world.clock.monotonicMs()
  const reading = (async () => {
    let bytes = 0
    for await (const part of served.read) bytes += part.length
    return bytes
  })()
  await stream.write(new Uint8Array(200_000), never)
  await stream.end()
  assert.equal(await reading, 200_000)
  assert.equal(Math.round(world.clock.monotonicMs() - beganMs), 300)
})

test('a dead process resets its streams after the latency', async () => {
  const world = await createTestInternet(2)
  const { stream } = await connectedPair(world)
  const beganMs = world.clock.monotonicMs()
  world.node(1).crash('reset')
  await assert.rejects(firstRead(stream), withCode('unavailable'))
  assert.equal(world.clock.monotonicMs() - beganMs, 20)
})

test('a power cut is noticed only after the silence, and dials time out meanwhile', async () => {
  const world = await createTestInternet(2, { silenceMs: 13_000 })
  const { stream } = await connectedPair(world)
  const beganMs = world.clock.monotonicMs()
  world.node(1).crash('silent')
  await assert.rejects(
    world.node(0).open(world.node(1).self, protocol, never),
    withCode('unavailable'),
  )
  assert.equal(world.clock.monotonicMs() - beganMs, 10_000)
  await assert.rejects(firstRead(stream), withCode('unavailable'))
  assert.equal(world.clock.monotonicMs() - beganMs, 13_000)
  assert.deepEqual(world.node(0).connected(), [])
})

test('calls of a crashed incarnation never settle and the next one is a new node', async () => {
  const world = await createTestInternet(2)
  const { stream, served } = await connectedPair(world)
  let settled = 0
  const count = () => {
    settled += 1
  }
  firstRead(served).then(count, count)
  world.node(1).crash('silent')
  world.node(1).open(world.node(0).self, protocol, never).then(count, count)
  served.write(new Uint8Array(1), never).then(count, count)
  const next = await world.start(1)
  await assert.rejects(firstRead(stream), withCode('unavailable'))
  next.handle(protocol, (inbound) => inbound.reset(new Error('served')))
  const again = await world.node(0).open(next.self, protocol, never)
  await assert.rejects(firstRead(again), withCode('unavailable'))
  assert.equal(settled, 0)
})

test('a short partition delays bytes and a long one cuts the streams of both ends', async () => {
  const world = await createTestInternet(2, { silenceMs: 13_000 })
  const { stream, served } = await connectedPair(world)
  const [a, b] = [world.node(0).self, world.node(1).self]
  world.internet.partition([a], [b])
  await stream.write(Uint8Array.of(7), never)
  await world.clock.sleep(10_000, never)
  world.internet.heal([a], [b])
  assert.deepEqual((await firstRead(served)).value, Uint8Array.of(7))
  world.internet.partition([a], [b])
  await assert.rejects(firstRead(stream), withCode('unavailable'))
  await assert.rejects(firstRead(served), withCode('unavailable'))
  await assert.rejects(world.node(0).open(b, protocol, never), withCode('unavailable'))
  world.internet.heal([a], [b])
  assert.ok((await world.node(0).pingMs(b, never)) > 0)
})

/** Who hears a message at what time, in a ring of 20 nodes with loss and jitter. */
const gossipTrace = async (seed: number): Promise<readonly string[]> => {
  const count = 20
  const world = await createTestInternet(count, { link: { jitterMs: 30, lossRatio: 0.3 } }, seed)
  const trace: string[] = []
  for (let n = 0; n < count; n += 1) {
    world.node(n).subscribe('topic', () => trace.push(`${n} ${world.clock.monotonicMs()}`))
    for (const step of [1, 2, 5]) {
      await world.node(n).pingMs(world.node((n + step) % count).self, never)
    }
  }
  await world.node(0).publish('topic', Uint8Array.of(1))
  await world.clock.sleep(5000, never)
  return trace
}

test('gossip crosses nodes that are not connected, once each, and replays with its seed', async () => {
  const trace = await gossipTrace(5)
  const heard = trace.map((line) => line.split(' ')[0])
  assert.equal(new Set(heard).size, heard.length)
  assert.ok(heard.length > 10, trace.join(', '))
  assert.deepEqual(await gossipTrace(5), trace)
  assert.notDeepEqual(await gossipTrace(6), trace)
})
