import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArtelError, type ErrorCode } from '../../src/core/errors.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Startable } from '../../src/ports/lifecycle.ts'
import { type Network, type PeerStream, topicBytesMax } from '../../src/ports/network.ts'

export type RunningNetwork = Network & Startable
export type NetworkWorld = {
  readonly clock: Clock
  /** A started network that can be dialled and knows nobody. */
  readonly make: () => Promise<RunningNetwork>
  /** Stops what `make` made and is still running. */
  readonly close: () => Promise<void>
}

const protocol = '/artel/test/1'
const never = new AbortController().signal
const utf8 = new TextEncoder()
const text = new TextDecoder()

const withCode = (code: ErrorCode) => (error: unknown) =>
  error instanceof ArtelError && error.code === code

const introduce = (a: Network, b: Network) => a.learn({ peer: b.self, addresses: b.addresses() })

const readAll = async (stream: PeerStream): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  for await (const part of stream.read) parts.push(part)
  return Buffer.concat(parts)
}

/** Bytes that differ from place to place. */
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff)

const echo = (stream: PeerStream) => {
  const run = async () => {
    for await (const part of stream.read) await stream.write(part, never)
    await stream.end()
  }
  run().catch((error: unknown) => stream.reset(error instanceof Error ? error : new Error()))
}

/** What the next inbound stream of `protocol` is. */
const accept = (network: Network) => {
  const { promise, resolve } = Promise.withResolvers<PeerStream>()
  return { promise, close: network.handle(protocol, resolve) }
}

/** The laws of `ports/network`, for every adapter. */
export const networkConformance = (name: string, open: () => Promise<NetworkWorld>): void => {
  const law = (what: string, run: (world: NetworkWorld) => Promise<void>) =>
    test(`${name}: ${what}`, { timeout: 60_000 }, async () => {
      const world = await open()
      try {
        await run(world)
      } finally {
        await world.close()
      }
    })
  const pair = async (world: NetworkWorld) => {
    const [a, b] = [await world.make(), await world.make()]
    introduce(a, b)
    return { a, b }
  }

  law('a stream carries bytes both ways, in order, and names its remote', async (world) => {
    const { a, b } = await pair(world)
    b.handle(protocol, echo)
    const stream = await a.open(b.self, protocol, never)
    const sent = pattern(3 * 1024 * 1024)
    const answer = readAll(stream)
    await stream.write(sent, never)
    await stream.end()
    assert.equal(stream.remote, b.self)
    assert.ok(Buffer.from(sent).equals(await answer))
  })

  law('a half that ended leaves the other half open', async (world) => {
    const { a, b } = await pair(world)
    const inbound = accept(b)
    const stream = await a.open(b.self, protocol, never)
    await stream.write(utf8.encode('question'), never)
    await stream.end()
    const served = await inbound.promise
    assert.equal(served.remote, a.self)
    assert.equal(text.decode(await readAll(served)), 'question')
    await served.write(utf8.encode('answer'), never)
    await served.end()
    assert.equal(text.decode(await readAll(stream)), 'answer')
  })

  law('a reader that comes late still gets everything and the end', async (world) => {
    const { a, b } = await pair(world)
    const inbound = accept(b)
    const stream = await a.open(b.self, protocol, never)
    await stream.write(pattern(100_000), never)
    await stream.end()
    const served = await inbound.promise
    await served.end()
    await world.clock.sleep(50, never)
    assert.ok(Buffer.from(pattern(100_000)).equals(await readAll(served)))
    assert.equal((await readAll(stream)).byteLength, 0)
  })

  law('a writer waits for a reader that does not read, and loses nothing', async (world) => {
    const { a, b } = await pair(world)
    const inbound = accept(b)
    const stream = await a.open(b.self, protocol, never)
    const served = await inbound.promise
    const piece = pattern(64 * 1024)
    const pieces = 512
    let written = 0
    const writing = (async () => {
      for (; written < pieces; written += 1) await stream.write(piece, never)
      await stream.end()
    })()
    for (let before = -1; before !== written; ) {
      before = written
      await world.clock.sleep(100, never)
    }
    assert.ok(written > 0 && written * piece.byteLength < 24 * 1024 * 1024, `wrote ${written}`)
    let read = 0
    for await (const part of served.read) read += part.byteLength
    await writing
    assert.equal(read, pieces * piece.byteLength)
  })

  law('aborting a write that waits ends it with the reason', async (world) => {
    const { a, b } = await pair(world)
    const inbound = accept(b)
    const stream = await a.open(b.self, protocol, never)
    await inbound.promise
    const gaveUp = new ArtelError('cancelled', 'gave up')
    const abort = new AbortController()
    const writing = (async () => {
      for (;;) await stream.write(new Uint8Array(256 * 1024), abort.signal)
    })()
    const outcome = assert.rejects(writing, gaveUp)
    await world.clock.sleep(100, never)
    abort.abort(gaveUp)
    await outcome
    stream.reset(gaveUp)
  })

  law('a reset fails both halves at both ends and may be repeated', async (world) => {
    const { a, b } = await pair(world)
    const inbound = accept(b)
    const stream = await a.open(b.self, protocol, never)
    const served = await inbound.promise
    const reason = new ArtelError('cancelled', 'no longer wanted')
    const reading = assert.rejects(readAll(stream), reason)
    const remote = assert.rejects(readAll(served), withCode('unavailable'))
    stream.reset(reason)
    stream.reset(new Error('again'))
    await reading
    await remote
    await assert.rejects(served.write(utf8.encode('x'), never), withCode('unavailable'))
    await assert.rejects(stream.write(utf8.encode('x'), never))
  })

  law('a peer without a known address is unavailable', async (world) => {
    const [a, b] = [await world.make(), await world.make()]
    await assert.rejects(a.open(b.self, protocol, never), withCode('unavailable'))
  })

  law('a peer that has stopped is unavailable', async (world) => {
    const { a, b } = await pair(world)
    await b.stop()
    await assert.rejects(a.open(b.self, protocol, never), withCode('unavailable'))
  })

  law('a protocol that the peer does not serve, or no longer, is unsupported', async (world) => {
    const { a, b } = await pair(world)
    await assert.rejects(a.open(b.self, protocol, never), withCode('unsupported'))
    const close = b.handle(protocol, echo)
    const stream = await a.open(b.self, protocol, never)
    stream.reset(new Error('done'))
    close()
    await assert.rejects(a.open(b.self, protocol, never), withCode('unsupported'))
  })

  law('a protocol has one handler at a time', async (world) => {
    const a = await world.make()
    const close = a.handle(protocol, echo)
    assert.throws(() => a.handle(protocol, echo), withCode('conflict'))
    close()
    a.handle(protocol, echo)
  })

  law('an aborted open fails with the reason', async (world) => {
    const { a, b } = await pair(world)
    const reason = new ArtelError('cancelled', 'no')
    await assert.rejects(a.open(b.self, protocol, AbortSignal.abort(reason)), reason)
  })

  law('both ends see the connection and measure its round trip', async (world) => {
    const { a, b } = await pair(world)
    assert.deepEqual(a.connected(), [])
    assert.ok((await a.pingMs(b.self, never)) >= 0)
    assert.deepEqual(a.connected(), [b.self])
    assert.deepEqual(b.connected(), [a.self])
    assert.ok((await b.pingMs(a.self, never)) >= 0)
  })

  law('a hundred streams run side by side', async (world) => {
    const { a, b } = await pair(world)
    b.handle(protocol, echo)
    const lengths = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const stream = await a.open(b.self, protocol, never)
        const answer = readAll(stream)
        await stream.write(pattern(20_000), never)
        await stream.end()
        return (await answer).byteLength
      }),
    )
    assert.deepEqual(new Set(lengths), new Set([20_000]))
  })

  law('stopping cuts the streams of a peer and forgets the connection', async (world) => {
    const { a, b } = await pair(world)
    const inbound = accept(b)
    const stream = await a.open(b.self, protocol, never)
    await inbound.promise
    const reading = assert.rejects(readAll(stream), withCode('unavailable'))
    await b.stop()
    await b.stop()
    await reading
    await world.clock.sleep(50, never)
    assert.deepEqual(a.connected(), [])
    await assert.rejects(b.open(a.self, protocol, never), withCode('unavailable'))
  })

  gossipLaws(law)
}

const gossipLaws = (law: (what: string, run: (world: NetworkWorld) => Promise<void>) => void) => {
  const topic = 'artel/test/topic'

  law('a message on a topic reaches subscribers that the sender is connected to', async (world) => {
    const [a, b] = [await world.make(), await world.make()]
    introduce(a, b)
    const heard = Promise.withResolvers<string>()
    b.subscribe(topic, ({ from, data }) => heard.resolve(`${from} ${text.decode(data)}`))
    const others: string[] = []
    b.subscribe('artel/test/other', ({ data }) => others.push(text.decode(data)))
    await a.pingMs(b.self, never)
    const done = new AbortController()
    heard.promise.then(
      () => done.abort(),
      () => undefined,
    )
    // how soon a peer knows another's topics is not promised: publish until it has
    for (let n = 0; n < 100 && !done.signal.aborted; n += 1) {
      await a.publish(topic, utf8.encode('hello'))
      await world.clock.sleep(100, done.signal).catch(() => undefined)
    }
    assert.equal(await heard.promise, `${a.self} hello`)
    assert.deepEqual(others, [])
  })

  law('a message above the limit is refused and one to nobody is no error', async (world) => {
    const a = await world.make()
    await a.publish(topic, new Uint8Array(topicBytesMax))
    await assert.rejects(a.publish(topic, new Uint8Array(topicBytesMax + 1)), withCode('too-large'))
  })
}
