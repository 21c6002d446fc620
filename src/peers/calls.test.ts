import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { ArtelError, type ErrorCode } from '#core/errors'
import type { BodyPart } from '#protocol/peer/call'
import { defineRoute } from '#protocol/peer/route'
import { bodyText, createTestCalls, data } from '../../test/conformance/network-calls.ts'

const never = new AbortController().signal
const withCode =
  (code: ErrorCode, message = /./) =>
  (error: unknown) =>
    error instanceof ArtelError && error.code === code && message.test(error.message)

const add = defineRoute({
  name: 'test.add',
  params: z.strictObject({ a: z.number(), b: z.number() }),
  result: z.strictObject({ sum: z.number() }),
  paramsBytesMax: 64,
  resultBytesMax: 64,
  timeoutMs: 2000,
})
const talk = defineRoute({
  name: 'test.talk',
  params: z.strictObject({}),
  result: z.strictObject({ ready: z.boolean() }),
  requestBody: true,
  responseBody: true,
})

test('a call gives the parsed result of its handler, which knows who asks', async (t) => {
  const { caller, server, peer, node, close } = await createTestCalls()
  t.after(close)
  server.handle(add, async ({ params, peer: asking }) => {
    assert.equal(asking, node(0).self)
    return { result: { sum: params.a + params.b } }
  })
  const { result, body } = await caller.call(peer, add, { a: 1, b: 2 }, { signal: never })
  assert.deepEqual(result, { sum: 3 })
  assert.equal(await bodyText(body), '')
})

test('bodies flow both ways at once, data and control messages in their order', async (t) => {
  const { caller, server, peer, close } = await createTestCalls()
  t.after(close)
  server.handle(talk, async ({ body }) => {
    async function* shout(): AsyncGenerator<BodyPart> {
      for await (const part of body) {
        if (part.kind === 'data') yield data(Buffer.from(part.bytes).toString().toUpperCase())
        else yield part
      }
      yield data('!')
    }
    return { result: { ready: true }, body: shout() }
  })
  const said = Promise.withResolvers<void>()
  async function* ask(): AsyncGenerator<BodyPart> {
    yield data('a')
    yield { kind: 'control', value: { columns: 80 } }
    await said.promise
    yield data('b')
  }
  const { result, body } = await caller.call(peer, talk, {}, { signal: never, body: ask() })
  assert.deepEqual(result, { ready: true })
  let heard = ''
  for await (const part of body) {
    heard += part.kind === 'data' ? Buffer.from(part.bytes).toString() : JSON.stringify(part.value)
    if (heard.includes('80')) said.resolve()
  }
  assert.equal(heard, 'A{"columns":80}B!')
})

test('an error of the handler arrives with its code, an unknown one without its message', async (t) => {
  const { caller, server, peer, log, close } = await createTestCalls()
  t.after(close)
  const leave = server.handle(add, async () => {
    throw new ArtelError('price', 'too cheap', { hint: 'pay more' })
  })
  await assert.rejects(
    caller.call(peer, add, { a: 1, b: 2 }, { signal: never }),
    (error) => error instanceof ArtelError && error.code === 'price' && error.hint === 'pay more',
  )
  leave()
  server.handle(add, async () => {
    throw new TypeError('secret path')
  })
  await assert.rejects(
    caller.call(peer, add, { a: 1, b: 2 }, { signal: never }),
    (error) => withCode('internal')(error) && !String(error).includes('secret'),
  )
  assert.ok(log.lines().some(({ fields }) => fields.reason === 'secret path'))
})

test('unknown routes, wrong params and oversized ones are told apart', async (t) => {
  const { caller, server, peer, close } = await createTestCalls()
  t.after(close)
  const call = (params: { a: number; b: number }, route = add) =>
    caller.call(peer, route, params, { signal: never })
  await assert.rejects(call({ a: 1, b: 2 }), withCode('unsupported', /test.add/))
  server.handle(add, async () => ({ result: { sum: 0 } }))
  const loose = { ...add, params: z.custom<{ a: number; b: number }>() }
  await assert.rejects(
    // @ts-expect-error: what a foreign implementation may send
    call({ a: 'one', b: 2 }, loose),
    withCode('bad-request', /test\.add\.a/),
  )
  const long = { a: 1, b: 2, c: 'x'.repeat(100) }
  await assert.rejects(call(long, { ...loose, paramsBytesMax: 1000 }), withCode('too-large'))
})

test('a result that the route does not allow is corrupt', async (t) => {
  const { caller, server, peer, close } = await createTestCalls()
  t.after(close)
  server.handle({ ...add, result: z.custom<{ sum: number }>() }, async () => {
    // @ts-expect-error: what a foreign implementation may answer
    const result: { sum: number } = { sum: 'three' }
    return { result }
  })
  await assert.rejects(
    caller.call(peer, add, { a: 1, b: 2 }, { signal: never }),
    withCode('corrupt'),
  )
})

test('a handler that takes too long is a timeout for the caller and aborts', async (t) => {
  const { caller, server, peer, clock, close } = await createTestCalls()
  t.after(close)
  const aborted = Promise.withResolvers<void>()
  server.handle(add, async ({ signal }) => {
    signal.addEventListener('abort', () => aborted.resolve())
    await clock.sleep(60_000, signal)
    return { result: { sum: 0 } }
  })
  const beganMs = clock.monotonicMs()
  await assert.rejects(
    caller.call(peer, add, { a: 1, b: 2 }, { signal: never }),
    withCode('timeout'),
  )
  assert.equal(clock.monotonicMs() - beganMs, 2000)
  await aborted.promise
})

test('aborting a call resets it and aborts its handler', async (t) => {
  const { caller, server, peer, clock, close } = await createTestCalls()
  t.after(close)
  const abort = new AbortController()
  const gaveUp = new ArtelError('cancelled', 'gave up')
  const aborted = Promise.withResolvers<void>()
  server.handle(add, async ({ signal }) => {
    signal.addEventListener('abort', () => aborted.resolve())
    abort.abort(gaveUp)
    await clock.sleep(60_000, signal)
    return { result: { sum: 0 } }
  })
  await assert.rejects(caller.call(peer, add, { a: 1, b: 2 }, { signal: abort.signal }), gaveUp)
  await aborted.promise
})

test('leaving a body early ends the source at the peer', async (t) => {
  const { caller, server, peer, close } = await createTestCalls()
  t.after(close)
  const left = Promise.withResolvers<void>()
  server.handle(talk, async () => {
    async function* endless(): AsyncGenerator<BodyPart> {
      try {
        for (;;) yield data('x'.repeat(1000))
      } finally {
        left.resolve()
      }
    }
    return { result: { ready: true }, body: endless() }
  })
  const { body } = await caller.call(peer, talk, {}, { signal: never })
  for await (const part of body) {
    assert.equal(part.kind, 'data')
    break
  }
  await left.promise
})

test('a body that fails ends with its error after what came before', async (t) => {
  const { caller, server, peer, close } = await createTestCalls()
  t.after(close)
  server.handle(talk, async () => {
    async function* failing(): AsyncGenerator<BodyPart> {
      yield data('some')
      throw new ArtelError('out-of-disk', 'disk full')
    }
    return { result: { ready: true }, body: failing() }
  })
  const { body } = await caller.call(peer, talk, {}, { signal: never })
  const parts = body[Symbol.asyncIterator]()
  assert.equal((await parts.next()).value?.kind, 'data')
  await assert.rejects(parts.next(), withCode('out-of-disk'))
})

test('a request body that fails is what its call fails of', async (t) => {
  const { caller, server, peer, close } = await createTestCalls()
  t.after(close)
  server.handle(talk, async ({ body }) => {
    for await (const _ of body);
    return { result: { ready: true } }
  })
  async function* failing(): AsyncGenerator<BodyPart> {
    yield data('some')
    throw new ArtelError('out-of-disk', 'disk full')
  }
  await assert.rejects(
    caller.call(peer, talk, {}, { signal: never, body: failing() }),
    withCode('out-of-disk'),
  )
})

test('a silent body stays open by keep-alives, and a lost peer ends it', async (t) => {
  const { caller, server, peer, clock, node, close } = await createTestCalls()
  t.after(close)
  server.handle(talk, async ({ signal }) => {
    async function* late(): AsyncGenerator<BodyPart> {
      await clock.sleep(600_000, signal)
      yield data('late')
      await clock.sleep(600_000, signal)
    }
    return { result: { ready: true }, body: late() }
  })
  const { body } = await caller.call(peer, talk, {}, { signal: never })
  const parts = body[Symbol.asyncIterator]()
  assert.equal((await parts.next()).value?.kind, 'data')
  node(1).crash('silent')
  await assert.rejects(parts.next(), withCode('unavailable'))
})

test('calls above the bounds are busy until others end', async (t) => {
  const { caller, server, peer, close } = await createTestCalls({ callsPerPeerMax: 2 })
  t.after(close)
  const gate = Promise.withResolvers<void>()
  const entered: (() => void)[] = []
  const both = new Promise<void>((resolve) => entered.push(() => undefined, resolve))
  server.handle(add, async () => {
    entered.shift()?.()
    await gate.promise
    return { result: { sum: 1 } }
  })
  const call = () => caller.call(peer, add, { a: 1, b: 2 }, { signal: never })
  const first = [call(), call()]
  await both
  await assert.rejects(call(), withCode('busy'))
  gate.resolve()
  await Promise.all(first)
})

test('stopping aborts running handlers, waits for them and cuts their callers', async (t) => {
  const { caller, server, peer, clock, close } = await createTestCalls()
  t.after(close)
  let finished = false
  const entered = Promise.withResolvers<void>()
  server.handle(add, async ({ signal }) => {
    entered.resolve()
    await clock.sleep(60_000, signal).catch(() => undefined)
    await clock.sleep(10, never)
    finished = true
    return { result: { sum: 1 } }
  })
  const call = assert.rejects(
    caller.call(peer, add, { a: 1, b: 2 }, { signal: never }),
    withCode('unavailable'),
  )
  await entered.promise
  await server.stop()
  assert.ok(finished)
  await call
})

test('garbage on the stream is answered with one bad request', async (t) => {
  const { server, peer, node, close } = await createTestCalls()
  t.after(close)
  server.handle(add, async () => ({ result: { sum: 1 } }))
  const stream = await node(0).open(peer, '/artel/1/call', never)
  await stream.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'), never)
  let answer = ''
  for await (const part of stream.read) answer += Buffer.from(part).toString()
  assert.match(answer, /bad-request/)
})

test('whatever bytes a peer sends, the server goes on answering and leaks no call', async (t) => {
  const { caller, server, peer, node, clock, close } = await createTestCalls({ callsPerPeerMax: 4 })
  t.after(close)
  server.handle(add, async () => ({ result: { sum: 1 } }))
  server.handle(talk, async ({ body }) => ({ result: { ready: true }, body }))
  const head = Buffer.from('{"route":"test.talk","params":{}}')
  const opening = Buffer.concat([Buffer.from([0, 0, 0, head.length, 0]), head])
  const bytes = fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 300 }))
  await fc.assert(
    fc.asyncProperty(bytes, fc.boolean(), async ([open, garbage], cut) => {
      const stream = await node(0).open(peer, '/artel/1/call', never)
      // the server may have cut the stream before all is written
      const write = (part: Uint8Array) => stream.write(part, never).catch(() => undefined)
      if (open) await write(opening)
      await write(garbage)
      if (cut) stream.reset(new Error('cut'))
      else await stream.end()
      await clock.sleep(20_000, never)
      const { result } = await caller.call(peer, add, { a: 1, b: 2 }, { signal: never })
      assert.equal(result.sum, 1)
    }),
    { numRuns: 60 },
  )
})
