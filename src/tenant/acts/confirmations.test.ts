import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock } from '#adapters/memory/clock'
import type { BodyPart } from '#protocol/peer/call'
import { createConfirmations } from './confirmations.ts'

const confirmed = (offset: number) => ({
  done: false,
  value: { kind: 'control', value: { confirmed: offset } } satisfies BodyPart,
})

test('the first confirmation is told at once, then the newest every now and then', async () => {
  const clock = createVirtualClock({ startMs: 0 })
  const confirmations = createConfirmations(clock, new AbortController().signal)
  const parts = confirmations[Symbol.asyncIterator]()
  const first = parts.next()
  confirmations.confirm(10)
  assert.deepEqual(await first, confirmed(10))
  const second = parts.next()
  for (const offset of [20, 30, 40]) confirmations.confirm(offset)
  await clock.advance(50)
  assert.deepEqual(await second, confirmed(40))
})

test('what comes while nothing is confirmed is told as soon as it is', async () => {
  const clock = createVirtualClock({ startMs: 0 })
  const confirmations = createConfirmations(clock, new AbortController().signal)
  const parts = confirmations[Symbol.asyncIterator]()
  confirmations.confirm(10)
  await parts.next()
  const next = parts.next()
  await clock.advance(1000)
  confirmations.confirm(11)
  assert.deepEqual(await next, confirmed(11))
})

test('a call that is over ends its confirmations', async () => {
  const clock = createVirtualClock({ startMs: 0 })
  const over = new AbortController()
  const confirmations = createConfirmations(clock, over.signal)
  const parts = confirmations[Symbol.asyncIterator]()
  confirmations.confirm(10)
  await parts.next()
  const next = parts.next()
  const reason = new Error('over')
  over.abort(reason)
  await assert.rejects(next, reason)
  assert.equal((await parts.return?.())?.done, true)
})
