import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMapSchedule, type MapWorker } from './map-schedule.ts'

const worker = (host: string, id = `${host}-0`): MapWorker => ({ id, host })

test('tasks are handed out in order, each once', () => {
  const schedule = createMapSchedule({ tasks: 3, triesMax: 1 })
  const taken = ['a', 'b', 'c', 'd'].map((host) => schedule.next(worker(host), 0))
  assert.deepEqual(taken, [0, 1, 2, undefined])
})

test('a task that failed is tried on another host first', () => {
  const schedule = createMapSchedule({ tasks: 2, triesMax: 3 })
  assert.equal(schedule.next(worker('a'), 0), 0)
  assert.equal(schedule.failed(0, worker('a')).status, 'waiting')
  assert.equal(schedule.next(worker('a'), 0), 1)
  assert.equal(schedule.next(worker('b'), 0), 0)
})

test('a task that fails as often as allowed is failed', () => {
  const schedule = createMapSchedule({ tasks: 1, triesMax: 2 })
  for (const status of ['waiting', 'failed']) {
    assert.equal(schedule.next(worker('a'), 0), 0)
    assert.equal(schedule.failed(0, worker('a')).status, status)
  }
  assert.ok(schedule.isOver())
})

test('a lost host costs no try', () => {
  const schedule = createMapSchedule({ tasks: 1, triesMax: 1 })
  assert.equal(schedule.next(worker('a'), 0), 0)
  schedule.returned(0, worker('a'))
  assert.equal(schedule.triesOf(0), 0)
  assert.equal(schedule.next(worker('b'), 0), 0)
})

test('a straggler is started a second time on another host, and the first result wins', () => {
  const schedule = createMapSchedule({ tasks: 3, triesMax: 1 })
  const [slow, fast] = [worker('a'), worker('b')]
  assert.equal(schedule.next(slow, 0), 0)
  for (const task of [1, 2]) {
    assert.equal(schedule.next(fast, 0), task)
    schedule.done(task, fast, 600)
  }
  assert.equal(schedule.next(fast, 1000), undefined)
  assert.equal(schedule.next(worker('a', 'a-1'), 5000), undefined)
  assert.equal(schedule.next(fast, 5000), 0)
  assert.deepEqual(schedule.done(0, fast, 5600), {
    counted: true,
    status: 'done',
    needless: ['a-0'],
  })
  assert.equal(schedule.done(0, slow, 6000).counted, false)
})

test('whatever workers do, every task ends exactly once and the counts add up', () => {
  const step = fc.record({
    worker: fc.integer({ min: 0, max: 5 }),
    outcome: fc.constantFrom('done', 'failed', 'returned', 'late'),
    passMs: fc.integer({ min: 0, max: 3000 }),
  })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(step, { maxLength: 200 }),
      (total, triesMax, steps) => {
        const schedule = createMapSchedule({ tasks: total, triesMax })
        const busy = new Map<string, number>()
        const ended = new Set<number>()
        let nowMs = 0
        const act = (one: MapWorker, outcome: string): void => {
          const task = busy.get(one.id) ?? schedule.next(one, nowMs)
          if (task === undefined) return
          busy.set(one.id, task)
          if (outcome === 'late') return
          busy.delete(one.id)
          const verdict =
            outcome === 'done'
              ? schedule.done(task, one, nowMs)
              : outcome === 'failed'
                ? schedule.failed(task, one)
                : schedule.returned(task, one)
          if (verdict.counted && (verdict.status === 'done' || verdict.status === 'failed')) {
            assert.ok(!ended.has(task))
            ended.add(task)
          }
        }
        for (const { worker: number, outcome, passMs } of steps) {
          nowMs += passMs
          act(worker(`h${number % 3}`, `w${number}`), outcome)
          const { waiting, running, done, failed } = schedule.counts()
          assert.equal(waiting + running + done + failed, total)
          assert.equal(done + failed, ended.size)
        }
        for (let round = 0; !schedule.isOver() && round < 1000; round += 1) {
          nowMs += 5000
          for (let number = 0; number < 6; number += 1) {
            act(worker(`h${number % 3}`, `w${number}`), 'done')
          }
        }
        assert.equal(ended.size, total)
      },
    ),
  )
})
