import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSeededRandom } from '#adapters/memory/random'
import { planWorkload } from './workload.ts'

const plan = (seed: number) =>
  planWorkload(createSeededRandom(seed), {
    lastsMs: 10 * 3_600_000,
    jobsPerHour: 30,
  })

test('a seed repeats its workload', () => {
  assert.deepEqual(plan(7), plan(7))
  assert.notDeepEqual(plan(7), plan(8))
})

test('a workload holds runs that end, runs that must be stopped, kept leases and maps', () => {
  const jobs = plan(7)
  assert.equal(jobs.length, 300)
  const runs = jobs.filter((job) => job.kind === 'run')
  assert.ok(jobs.some((job) => job.kind === 'map'))
  assert.ok(runs.some((run) => !run.expected.ends))
  assert.ok(runs.some((run) => run.expected.exitCode !== 0))
  assert.ok(runs.some((run) => run.request.keepSeconds > 0))
  assert.ok(runs.some((run) => run.request.restart === 'no'))
})

test('whatever does not end by itself is stopped by somebody', () => {
  for (const job of plan(9)) {
    if (job.kind === 'run' && !job.expected.ends) assert.ok(job.interference !== undefined)
  }
})
