import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArtelError } from '#core/errors'
import { createVirtualClock } from './clock.ts'

const start = 1_700_000_000_000
const open = new AbortController().signal

test('timers fire in the order of their time and then of their creation', async () => {
  const clock = createVirtualClock({ startMs: start })
  const fired: string[] = []
  const after = async (ms: number, name: string) => {
    await clock.sleep(ms, open)
    fired.push(`${name}@${clock.nowMs() - start}`)
  }
  const all = Promise.all([after(20, 'c'), after(10, 'a'), after(10, 'b'), after(0, 'zero')])
  await clock.advance(30)
  await all
  assert.deepEqual(fired, ['zero@0', 'a@10', 'b@10', 'c@20'])
  assert.equal(clock.nowMs(), start + 30)
  assert.equal(clock.monotonicMs(), 30)
})

test('time stands still while anything is runnable', async () => {
  const clock = createVirtualClock({ startMs: start })
  const seen: number[] = []
  const chain = async () => {
    await clock.sleep(5, open)
    for (let step = 0; step < 50; step += 1) await Promise.resolve()
    seen.push(clock.monotonicMs())
  }
  const done = chain()
  void clock.sleep(6, open)
  await clock.advance(100)
  await done
  assert.deepEqual(seen, [5])
})

test('a sleep rejects with the reason of its signal and leaves no timer', async () => {
  const clock = createVirtualClock({ startMs: start })
  const stop = new AbortController()
  const sleeping = clock.sleep(1000, stop.signal)
  assert.equal(clock.waits(), 1)
  const reason = new Error('enough')
  stop.abort(reason)
  await assert.rejects(sleeping, reason)
  assert.equal(clock.waits(), 0)
  await assert.rejects(clock.sleep(1, stop.signal), reason)
})

test('within returns the result of work that is quick enough and leaves no timer', async () => {
  const clock = createVirtualClock({ startMs: start })
  const result = clock.within(100, open, 'asking', async (signal) => {
    await clock.sleep(99, signal)
    return 'answer'
  })
  await clock.advance(99)
  assert.equal(await result, 'answer')
  assert.equal(clock.waits(), 0)
})

test('within cancels work that is late and waits for it to end', async () => {
  const clock = createVirtualClock({ startMs: start })
  const order: string[] = []
  const result = clock
    .within(100, open, 'asking', async (signal) => {
      try {
        await clock.sleep(1000, signal)
      } finally {
        await clock.sleep(50, open)
        order.push(`cleaned up at ${clock.monotonicMs()}`)
      }
    })
    .catch((error: unknown) => {
      order.push('rejected')
      throw error
    })
  const failed = assert.rejects(
    result,
    (error) => error instanceof ArtelError && error.code === 'timeout',
  )
  await clock.advance(200)
  await failed
  assert.deepEqual(order, ['cleaned up at 150', 'rejected'])
})

test('within passes on the cancellation of its caller', async () => {
  const clock = createVirtualClock({ startMs: start })
  const stop = new AbortController()
  const result = clock.within(100, stop.signal, 'asking', (signal) => clock.sleep(50, signal))
  const reason = new Error('stop')
  stop.abort(reason)
  await assert.rejects(result, reason)
  assert.equal(clock.waits(), 0)
})

test('runUntil stops at the wake-up after which the predicate holds', async () => {
  const clock = createVirtualClock({ startMs: start })
  let count = 0
  const tick = async () => {
    while (count < 10) {
      await clock.sleep(10, open)
      count += 1
    }
  }
  const ticking = tick()
  assert.equal(await clock.runUntil(() => count === 3), true)
  assert.equal(clock.monotonicMs(), 30)
  assert.equal(await clock.runUntil(() => count === 9, start + 50), false)
  assert.equal(count, 5)
  assert.equal(await clock.runUntil(() => count > 10), false)
  await ticking
})

test('a revoked incarnation never wakes again, whatever it waited for', async () => {
  const clock = createVirtualClock({ startMs: start })
  const life = clock.incarnation()
  const stop = new AbortController()
  const woken: string[] = []
  const note = (name: string) => () => woken.push(name)
  life.clock.sleep(10, open).then(note('timer'), note('timer'))
  life.clock.sleep(1000, stop.signal).then(note('abort'), note('abort'))
  life.clock
    .within(10, open, 'w', () => new Promise(() => undefined))
    .then(note('within'), note('within'))
  assert.equal(life.waits(), 3)
  life.revoke()
  assert.equal(life.waits(), 0)
  assert.equal(clock.waits(), 0)
  stop.abort(new Error('late'))
  life.clock.sleep(1, open).then(note('later'), note('later'))
  life.clock.within(1, open, 'w', async () => note('work')()).then(note('late'), note('late'))
  await clock.advance(5000)
  assert.deepEqual(woken, [])
})

test('an incarnation may have a wall clock that is off', () => {
  const clock = createVirtualClock({ startMs: start })
  const { clock: slow } = clock.incarnation(-1500)
  assert.equal(slow.nowMs(), start - 1500)
  assert.equal(slow.monotonicMs(), clock.monotonicMs())
})

test('a loop that never waits is an error, not a hang', async () => {
  const clock = createVirtualClock({ startMs: start, wakeUpsPerMomentMax: 100 })
  const stop = new AbortController()
  const spin = async () => {
    while (!stop.signal.aborted) await clock.sleep(0, stop.signal)
  }
  const spinning = spin().catch(() => undefined)
  await assert.rejects(clock.advance(1), /a loop never waits/)
  stop.abort()
  await spinning
})

test('ten thousand cancelled timers are swept out and the rest keep their order', async () => {
  const clock = createVirtualClock({ startMs: start })
  const fired: number[] = []
  const kept: Promise<void>[] = []
  for (let index = 0; index < 10_000; index += 1) {
    const stop = new AbortController()
    const due = (index * 7919) % 1000
    const sleeping = clock.sleep(due, stop.signal)
    if (index % 100 === 0) kept.push(sleeping.then(() => void fired.push(clock.monotonicMs())))
    else {
      sleeping.catch(() => undefined)
      stop.abort()
    }
  }
  assert.equal(clock.waits(), 100)
  await clock.advance(1000)
  await Promise.all(kept)
  assert.equal(fired.length, 100)
  assert.deepEqual(
    fired,
    fired.toSorted((a, b) => a - b),
  )
})
