import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryRecords } from '#adapters/memory/records'
import { createLife, lend, lendRecords } from './life.ts'

const open = new AbortController().signal
const turn = () => new Promise((resolve) => setImmediate(resolve))

const createPort = () => {
  const seen: { signals: AbortSignal[]; returned: number; calls: number } = {
    signals: [],
    returned: 0,
    calls: 0,
  }
  let release: (value: string) => void = () => undefined
  const port = {
    name: 'engine',
    wait: (signal: AbortSignal) =>
      new Promise<string>((resolve, reject) => {
        seen.calls += 1
        seen.signals.push(signal)
        release = resolve
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
    async *stream(): AsyncIterable<number> {
      try {
        for (let index = 0; ; index += 1) yield index
      } finally {
        seen.returned += 1
      }
    },
    open: async () => ({ size: () => 3, read: async () => 'read' }),
  }
  return { port, seen, release: (value: string) => release(value) }
}

test('a life that goes on sees its port as it is', async () => {
  const { port, release } = createPort()
  const lent = lend(port, createLife())
  assert.equal(lent.name, 'engine')
  const waiting = lent.wait(open)
  release('done')
  assert.equal(await waiting, 'done')
  const session = await lent.open()
  assert.equal(session.size(), 3)
  assert.equal(await session.read(), 'read')
})

test('a stream that its reader leaves is closed at the source', async () => {
  const { port, seen } = createPort()
  const got: number[] = []
  for await (const value of lend(port, createLife()).stream()) {
    got.push(value)
    if (value === 2) break
  }
  assert.deepEqual(got, [0, 1, 2])
  assert.equal(seen.returned, 1)
})

test('after a crash nothing settles, nothing is called, and the source is let go', async () => {
  const { port, seen, release } = createPort()
  const life = createLife()
  const lent = lend(port, life)
  const settled: string[] = []
  const note = (name: string) => () => settled.push(name)
  lent.wait(open).then(note('wait'), note('wait'))
  const iterator = lent.stream()[Symbol.asyncIterator]()
  assert.deepEqual(await iterator.next(), { done: false, value: 0 })
  life.end()
  assert.equal(seen.signals[0]?.aborted, true)
  release('too late')
  lent.wait(open).then(note('later'), note('later'))
  iterator.next().then(note('next'), note('next'))
  const rest = async () => {
    for await (const _ of lent.stream()) note('stream')()
  }
  rest().then(note('rest'), note('rest'))
  await turn()
  assert.deepEqual(settled, [])
  assert.equal(seen.calls, 1)
  assert.equal(seen.returned, 1)
})

test('a dead life writes no records', () => {
  const records = createMemoryRecords()
  const life = createLife()
  const lent = lendRecords(records, life)
  lent.put('t', 'a', 1)
  life.end()
  lent.put('t', 'a', 2)
  lent.put('t', 'b', 2)
  lent.delete('t', 'a')
  lent.append('j', 1)
  assert.deepEqual(records.list('t'), [{ key: 'a', value: 1 }])
  assert.deepEqual(records.read('j', 1, 10), [])
})
