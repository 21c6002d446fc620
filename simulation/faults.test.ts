import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSeededRandom } from '#adapters/memory/random'
import { type FaultLevel, planFaults } from './faults.ts'

const lastsMs = 6 * 3_600_000
const plan = (seed: number, level: FaultLevel) =>
  planFaults(createSeededRandom(seed), { level, hosts: 9, tenants: 3, lastsMs })

test('a seed repeats its faults and another one has others', () => {
  assert.deepEqual(plan(7, 'many'), plan(7, 'many'))
  assert.notDeepEqual(plan(7, 'many'), plan(8, 'many'))
})

test('many faults are more than some, and none are none', () => {
  assert.equal(plan(7, 'none').length, 0)
  assert.ok(plan(7, 'some').length > 0)
  assert.ok(plan(7, 'many').length > 3 * plan(7, 'some').length)
})

test('faults come in order of time and are over before the end', () => {
  for (let seed = 0; seed < 20; seed += 1) {
    let lastMs = 0
    for (const fault of plan(seed, 'many')) {
      assert.ok(fault.atMs >= lastMs && fault.atMs + fault.forMs <= lastsMs)
      lastMs = fault.atMs
    }
  }
})

test('a host leaves once, and at least two thirds of the hosts stay', () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const leavers = plan(seed, 'many').flatMap((fault) =>
      fault.kind === 'leave' ? [fault.host] : [],
    )
    assert.equal(new Set(leavers).size, leavers.length)
    assert.ok(leavers.length <= 3)
  }
})
