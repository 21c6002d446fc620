import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTrace, divergence } from './trace.ts'

const traceOf = (...entries: string[]) => {
  const trace = createTrace()
  entries.forEach((entry, index) => {
    trace.record(index, entry)
  })
  return trace
}

test('equal histories have equal hashes and do not diverge', () => {
  const [a, b] = [traceOf('x', 'y'), traceOf('x', 'y')]
  assert.equal(a.hash(), b.hash())
  assert.equal(divergence(a, b), undefined)
})

test('the first difference is shown, an end that comes too early too', () => {
  assert.match(divergence(traceOf('x', 'y'), traceOf('x', 'z')) ?? '', /entry 1 .*\n.*1 y\n.*1 z/)
  assert.match(divergence(traceOf('x', 'y'), traceOf('x')) ?? '', /no more entries/)
})

test('the order of entries and their times count', () => {
  assert.notEqual(traceOf('x', 'y').hash(), traceOf('y', 'x').hash())
  const late = createTrace()
  late.record(5, 'x')
  assert.notEqual(traceOf('x').hash(), late.hash())
})
