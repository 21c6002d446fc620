import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSerial } from '#core/serial'
import { abortable, orAborted } from './abortable.ts'
import { createNotice } from './notice.ts'

const never = new AbortController().signal

test('a change between looking and waiting is not missed', async () => {
  const notice = createNotice()
  const seen = notice.version()
  notice.notify()
  await notice.changed(seen, never)
  assert.notEqual(notice.version(), seen)
})

test('whoever waits hears the next change, or why waiting ended', async () => {
  const notice = createNotice()
  const waiting = notice.changed(notice.version(), never)
  notice.notify()
  await waiting
  const own = new AbortController()
  const aborted = notice.changed(notice.version(), own.signal)
  own.abort(new Error('enough'))
  await assert.rejects(aborted, /enough/)
})

test('a source that keeps silent is left when the signal aborts', async () => {
  const own = new AbortController()
  const silent: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
  }
  const reading = (async () => {
    for await (const _ of abortable(silent, own.signal));
  })()
  own.abort(new Error('left'))
  await assert.rejects(reading, /left/)
})

test('what settles first counts', async () => {
  const own = new AbortController()
  assert.equal(await orAborted(Promise.resolve(3), own.signal), 3)
  own.abort(new Error('late'))
  await assert.rejects(orAborted(new Promise(() => undefined), own.signal), /late/)
})

test('serial work keeps its order and outlives a failure', async () => {
  const serial = createSerial()
  const order: number[] = []
  const failing = serial(async () => {
    await Promise.resolve()
    order.push(1)
    throw new Error('first')
  })
  const second = serial(async () => {
    order.push(2)
    return 'done'
  })
  await assert.rejects(failing, /first/)
  assert.equal(await second, 'done')
  assert.deepEqual(order, [1, 2])
})
