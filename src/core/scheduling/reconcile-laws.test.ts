import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DeploymentEvent } from '#core/deployment-event'
import { foldDeployment } from '#core/deployment-fold'
import { deal, hash, plan, startMs, stateOf } from './reconcile-fixture.ts'

const anyEvent: fc.Arbitrary<DeploymentEvent> = fc
  .record({
    atMs: fc.integer({ min: startMs, max: startMs + 100_000 }),
    digit: fc.constantFrom('b', 'c', 'e'),
    epoch: fc.integer({ min: 1, max: 3 }),
    kind: fc.constantFrom(
      'opening',
      'opened',
      'open-failed',
      'run-started',
      'run-exited',
      'host-lost',
      'closing',
      'closed',
      'stop-requested',
      'finished',
      'handed-over',
    ),
  })
  .map(({ atMs, digit, epoch, kind }): DeploymentEvent => {
    const lease = hash(digit)
    const exit = { exitCode: 0, finishedAtMs: atMs }
    const failure = { code: 'host-lost', message: 'gone' } as const
    switch (kind) {
      case 'opening':
        return { kind, atMs, deal: deal(epoch, digit) }
      case 'open-failed':
      case 'host-lost':
        return { kind, atMs, lease, ...failure }
      case 'run-started':
        return { kind, atMs, lease, startedAtMs: atMs }
      case 'run-exited':
        return { kind, atMs, lease, exit }
      case 'stop-requested':
        return { kind, atMs, graceSeconds: 1, reason: 'user' }
      case 'finished':
        return { kind, atMs, exit }
      case 'handed-over':
        return { kind, atMs, lease, untilSeconds: 1 }
      case 'opened':
      case 'closing':
      case 'closed':
        return { kind, atMs, lease }
      default:
        throw new Error(kind)
    }
  })

test('the same facts give the same plan, and no plan has two actions with one key', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 20 }), fc.nat(100_000), (events, later) => {
      const state = stateOf(events)
      const change = { nowMs: startMs + later }
      const once = plan(state, change)
      assert.deepEqual(once, plan(state, change))
      const keys = once.actions.map((action) => action.key)
      assert.equal(new Set(keys).size, keys.length)
    }),
  )
})

test('at most one lease is served at a time, and nothing is placed after the final word', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 20 }), fc.nat(100_000), (events, later) => {
      const state = stateOf(events)
      const { actions } = plan(state, { nowMs: startMs + later })
      const served = actions.filter((action) => action.kind === 'start' || action.kind === 'place')
      assert.ok(served.length <= 1)
      if (state.exit !== undefined) {
        assert.ok(actions.every((action) => !['place', 'start', 'top-up'].includes(action.kind)))
      }
    }),
  )
})

test('folding the plan of decisions reaches an end: every run is over after finitely many steps', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 20 }), (events) => {
      let state = stateOf(events)
      let nowMs = startMs + 100_000
      for (let step = 0; step < 400; step += 1) {
        const { actions, wakeAtMs } = plan(state, { nowMs, hosts: [] })
        if (actions.length === 0 && wakeAtMs === undefined) break
        for (const action of actions) {
          if (action.kind === 'record')
            state = foldDeployment(state, { ...action.event, atMs: nowMs })
          if (action.kind === 'open') {
            const failure = { code: 'unavailable', message: 'no bid' } as const
            state = foldDeployment(state, {
              kind: 'open-failed',
              atMs: nowMs,
              lease: action.deal.id,
              ...failure,
            })
          }
          if (action.kind === 'start') {
            const exit = { exitCode: 0, finishedAtMs: nowMs }
            const { id } = action.deal
            state = foldDeployment(state, { kind: 'run-exited', atMs: nowMs, lease: id, exit })
          }
          if (action.kind === 'close') {
            state = foldDeployment(state, { kind: 'closed', atMs: nowMs, lease: action.deal.id })
          }
          if (action.kind === 'watch' && state.run.status === 'running') {
            const exit = { exitCode: 0, finishedAtMs: nowMs }
            const { id } = action.deal
            state = foldDeployment(state, { kind: 'run-exited', atMs: nowMs, lease: id, exit })
          }
        }
        nowMs = Math.max(nowMs + 1000, wakeAtMs ?? 0)
      }
      assert.notEqual(state.exit, undefined)
      assert.ok(
        state.leases.every((use) => ['closed', 'failed', 'handed-over'].includes(use.status)),
      )
    }),
    { numRuns: 50 },
  )
})
