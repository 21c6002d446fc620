import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeploymentEvent } from '#core/deployment-event'
import { foldDeployment } from '#core/deployment-fold'
import { zeroHash } from '#core/ids'
import { rate } from '#core/money'
import {
  at,
  desired,
  exited,
  first,
  heard,
  kinds,
  opened,
  plan,
  recordOf,
  running,
  startMs,
  stateOf,
} from './reconcile-fixture.ts'

test('a new run is placed on the best candidates with epoch 1', () => {
  const [action] = plan(stateOf([])).actions
  assert.equal(action?.kind, 'place')
  assert.ok(action?.kind === 'place')
  assert.deepEqual([action.epoch, action.previous, action.candidates.length], [1, zeroHash, 3])
})

test('a journalled bid is opened, never bid for again', () => {
  assert.deepEqual(kinds(plan(stateOf(opened.slice(0, 1)))), ['open'])
})

test('an open lease is watched and the container started', () => {
  assert.deepEqual(kinds(plan(stateOf(opened))), ['watch', 'start'])
})

test('a running container is followed', () => {
  assert.deepEqual(kinds(plan(stateOf(running), { outputComplete: false })), ['watch', 'follow'])
})

test('silence of a host leads to the next epoch on another host, and the old lease is closed', () => {
  const silent = plan(stateOf(running), {
    live: new Map([[first.id, heard(startMs)]]),
    nowMs: startMs + 15_000,
  })
  assert.deepEqual(kinds(silent), ['host-lost'])
  const [action] = silent.actions
  assert.ok(action?.kind === 'record' && action.event.kind === 'host-lost')
  const state = stateOf([...running, { ...action.event, atMs: startMs + 15_000 }])
  const next = plan(state, { nowMs: startMs + 15_001 })
  assert.deepEqual(kinds(next), ['place', 'close'])
  const [place] = next.actions
  assert.ok(place?.kind === 'place')
  assert.deepEqual([place.epoch, place.previous], [2, first.id])
  assert.ok(place.candidates.every(({ listing }) => listing.host.address !== first.host.address))
})

test('a broken stream counts as lost at once, a short silence does not', () => {
  const short = new Map([[first.id, heard(startMs)]])
  assert.ok(!kinds(plan(stateOf(running), { live: short })).includes('host-lost'))
  const dead = new Map([[first.id, heard(startMs, { dead: true })]])
  assert.deepEqual(kinds(plan(stateOf(running), { live: dead })), ['host-lost'])
})

test('a host that quits on chain is replaced', () => {
  const chain = new Map([
    [first.id, recordOf(first, { status: 'ended', ended: startMs / 1000, quit: true })],
  ])
  assert.deepEqual(kinds(plan(stateOf(running), { chain })), ['host-lost'])
})

const lostEvent: DeploymentEvent = {
  kind: 'host-lost',
  ...at,
  lease: first.id,
  code: 'host-lost',
  message: 'gone',
}

test('restart no ends a started run with 125 and host-lost', () => {
  const { actions } = plan(stateOf([...running, lostEvent], desired({ restart: 'no' })))
  const [action] = actions
  assert.ok(action?.kind === 'record' && action.event.kind === 'finished')
  assert.equal(action.event.exit.exitCode, 125)
  assert.equal(action.event.exit.reason, 'host-lost')
})

test('a run whose typed input is gone is not started twice', () => {
  const { actions } = plan(stateOf([...running, lostEvent]), { inputReplayable: false })
  const [action] = actions
  assert.ok(action?.kind === 'record' && action.event.kind === 'finished')
})

test('restart no still looks elsewhere while no container has ever started', () => {
  const state = stateOf([...opened, lostEvent], desired({ restart: 'no' }))
  assert.ok(kinds(plan(state)).includes('place'))
})

test('an exit is told only after the output is home, then the lease is closed', () => {
  const state = stateOf(exited)
  assert.deepEqual(kinds(plan(state, { outputComplete: false })), ['watch', 'follow'])
  const done = plan(state)
  assert.deepEqual(kinds(done), ['finished'])
  const [action] = done.actions
  assert.ok(action?.kind === 'record' && action.event.kind === 'finished')
  assert.equal(action.event.exit.exitCode, 3)
  const finished = stateOf([...exited, { ...action.event, atMs: startMs }])
  assert.deepEqual(kinds(plan(finished)), ['close'])
})

test('a kept lease is watched until its time is over', () => {
  const finished: DeploymentEvent = {
    kind: 'finished',
    ...at,
    exit: { exitCode: 0, finishedAtMs: startMs },
  }
  const state = stateOf([...exited, finished], desired({}, 60))
  const [keep] = plan(state).actions
  assert.ok(keep?.kind === 'record' && keep.event.kind === 'kept')
  const kept = foldDeployment(state, { ...keep.event, atMs: startMs })
  assert.deepEqual(kinds(plan(kept)), ['watch'])
  assert.deepEqual(kinds(plan(kept, { nowMs: startMs + 62_000 })), ['close'])
})

test('a deposit that runs low is topped up once per deposit', () => {
  const chain = new Map([[first.id, recordOf(first)]])
  const early = plan(stateOf(running), { chain })
  assert.ok(!kinds(early).includes('top-up'))
  const nowMs = startMs + 3_350_000
  const live = new Map([[first.id, heard(nowMs)]])
  const late = plan(stateOf(running), { chain, live, nowMs })
  const topUp = late.actions.find((action) => action.kind === 'top-up')
  assert.equal(topUp?.key, `top-up:${first.id}:3600`)
})

test('a lease whose ended run still has outputs to bring home is topped up, but not for ever', () => {
  const chain = new Map([[first.id, recordOf(first)]])
  const nowMs = startMs + 3_350_000
  const live = new Map([[first.id, heard(nowMs)]])
  const { run } = desired().service
  assert.ok(run !== undefined)
  const wanted = desired({ run: { ...run, outputs: ['/out'] } })
  const tops = (finishedAtMs: number, of = wanted) => {
    const exit = { exitCode: 0, finishedAtMs }
    const state = stateOf([...running, { kind: 'run-exited', ...at, lease: first.id, exit }], of)
    return kinds(plan(state, { chain, live, nowMs })).includes('top-up')
  }
  assert.equal(tops(nowMs - 1000), true)
  assert.equal(tops(nowMs - 3_600_000), false)
  assert.equal(tops(nowMs - 1000, desired()), false)
})

test('a free lease whose agreed time is over does not blame the balance', () => {
  const terms = { ...first.terms, rate: rate(0n), committed: startMs / 1000 + 3600 }
  const chain = new Map([[first.id, recordOf({ ...first, terms })]])
  const free = { ...first, terms }
  const state = stateOf([{ kind: 'opening', ...at, deal: free }, ...running.slice(1)])
  const [action] = plan(state, { chain, nowMs: startMs + 3_600_000 }).actions
  assert.ok(action?.kind === 'record' && action.event.kind === 'finished')
  assert.match(action.event.exit.message ?? '', /free lease/)
})

test('an exhausted lease ends the run with its reason', () => {
  const chain = new Map([[first.id, recordOf(first)]])
  const [action] = plan(stateOf(running), { chain, nowMs: startMs + 3_600_000 }).actions
  assert.ok(action?.kind === 'record' && action.event.kind === 'finished')
  assert.deepEqual([action.event.exit.exitCode, action.event.exit.reason], [137, 'lease-ended'])
})

test('a host that is late with a timeout is told to stop', () => {
  const base = desired()
  const run =
    base.service.run === undefined ? undefined : { ...base.service.run, timeoutSeconds: 30 }
  const wanted = desired(run === undefined ? {} : { run })
  const nowMs = startMs + 36_000
  const live = new Map([[first.id, heard(nowMs)]])
  const state = stateOf(running, wanted)
  const before = plan(state, { live, nowMs })
  assert.ok(kinds(before).includes('stop-requested'))
  const event: DeploymentEvent = {
    kind: 'stop-requested',
    atMs: nowMs,
    graceSeconds: 1,
    reason: 'timeout',
  }
  assert.ok(kinds(plan(foldDeployment(state, event), { live, nowMs })).includes('stop'))
})

test('failures that no other host would mend end the run at once', () => {
  const failure: DeploymentEvent = {
    kind: 'place-failed',
    ...at,
    code: 'balance',
    message: 'too little',
  }
  const [action] = plan(stateOf([failure])).actions
  assert.ok(action?.kind === 'record' && action.event.kind === 'finished')
  assert.equal(action.event.exit.reason, 'balance')
})
