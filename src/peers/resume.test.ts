import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { BodyPart } from '#protocol/peer/call'
import { defineRoute } from '#protocol/peer/route'
import { createTestCalls } from '../../test/conformance/network-calls.ts'
import { readResumable } from './resume.ts'

const never = new AbortController().signal

const read = defineRoute({
  name: 'test.read',
  params: z.strictObject({ offset: z.number().int() }),
  result: z.strictObject({}),
  responseBody: true,
})

const content = Uint8Array.from({ length: 2_000_000 }, (_, i) => (i * 31 + (i >> 9)) & 0xff)

async function* contentFrom(offset: number): AsyncGenerator<BodyPart> {
  for (let at = offset; at < content.length; at += 10_000) {
    yield { kind: 'data', bytes: content.subarray(at, at + 10_000) }
  }
}
async function* bytesOf(body: AsyncIterable<BodyPart>): AsyncGenerator<Uint8Array> {
  for await (const part of body) if (part.kind === 'data') yield part.bytes
}

test('the bytes are equal however often the connection is cut', async (t) => {
  const { caller, server, peer, clock, node, internet, close } = await createTestCalls()
  t.after(close)
  let calls = 0
  server.handle(read, async ({ params: { offset } }) => {
    calls += 1
    return { result: {}, body: contentFrom(offset) }
  })
  internet.setLink(node(0).self, peer, { bytesPerSecond: 100_000 })
  const cutting = (async () => {
    for (const waitMs of [1500, 2500, 400]) {
      await clock.sleep(waitMs, never)
      internet.partition([node(0).self], [peer])
      await clock.sleep(14_000, never)
      internet.heal([node(0).self], [peer])
    }
  })()
  const parts: Uint8Array[] = []
  const open = async (offset: number, signal: AbortSignal) =>
    bytesOf((await caller.call(peer, read, { offset }, { signal })).body)
  for await (const part of readResumable({ clock }, open, {
    signal: never,
    giveUpAfterMs: 60_000,
  })) {
    parts.push(part)
  }
  await cutting
  assert.ok(Buffer.from(content).equals(Buffer.concat(parts)))
  assert.ok(calls >= 3, `${calls} calls`)
})

test('it gives up with the last error after the time without progress, and at once on others', async (t) => {
  const { clock, close } = await createTestCalls()
  t.after(close)
  const drain = async (code: 'unavailable' | 'not-found') => {
    const open = async () => {
      throw new ArtelError(code, 'no')
    }
    const options = { signal: never, giveUpAfterMs: 10_000 }
    for await (const _ of readResumable({ clock }, open, options)) assert.fail('bytes')
  }
  const beganMs = clock.monotonicMs()
  await assert.rejects(drain('not-found'), { code: 'not-found' })
  assert.equal(clock.monotonicMs(), beganMs)
  await assert.rejects(drain('unavailable'), { code: 'unavailable' })
  const tookMs = clock.monotonicMs() - beganMs
  assert.ok(tookMs > 5000 && tookMs <= 10_000, `${tookMs} ms`)
})
