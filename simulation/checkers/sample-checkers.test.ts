import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRunId } from '#core/ids'
import { paid } from '#core/lease'
import { apply, type LeasesState } from '#core/leases-state'
import { noTokens, tokenAmount } from '#core/money'
import type { MapView, RunView } from '#protocol/api/runs'
import { createBillsTrue } from './bills-true.ts'
import type { Checker, End, HostSample, Rest, RunSample, TenantSample } from './checker.ts'
import { createContainersHaveLeases } from './containers-have-leases.ts'
import { contractStory, host, tenant } from './contract-story.ts'
import { createEveryLeaseSettled } from './every-lease-settled.ts'
import { createExitsTrue } from './exits-true.ts'
import { createHonestUnharmed } from './honest-unharmed.ts'
import { createLeasesClosedPromptly } from './leases-closed-promptly.ts'
import { createMapsComplete } from './maps-complete.ts'
import { createNothingLeaked } from './nothing-leaked.ts'
import { createOutputsComplete } from './outputs-complete.ts'
import { createQueuesBounded } from './queues-bounded.ts'
import { createRunsEnd } from './runs-end.ts'

const story = contractStory(apply)
/** The state after the call at `atSeconds` of the story. */
const stateAt = (atSeconds: number): LeasesState => {
  const found = story.findLast((applied) => applied.env.nowSeconds === atSeconds)
  assert.ok(found)
  return found.after
}
const firstLease = [...stateAt(10).leases.entries()].map(([id, lease]) => ({ id, lease }))[0]
assert.ok(firstLease)
const leaseId = firstLease.lease.id
const finalState = stateAt(4100)

const runSample = (change: Partial<RunView>, interfered = false): RunSample => {
  const id = parseRunId('0'.repeat(32))
  assert.ok(id)
  const view: RunView = {
    id,
    name: 'job-1',
    image: 'busybox',
    command: ['sleep', '5'],
    labels: {},
    tty: false,
    openStdin: false,
    resources: { cpuMilli: 100, memoryBytes: 1, diskBytes: 1, gpus: 0 },
    status: 'running',
    createdAtMs: 0,
    epoch: 1,
    cost: noTokens,
    outputs: [],
    ...change,
  }
  const expected = { exitCode: 3, ends: true, interfered, restarts: false, output: 'begun\n' }
  return { view, expected }
}
const exited = (exitCode: number, reason?: 'host-lost') =>
  runSample({
    status: 'exited',
    exit: { exitCode, finishedAtMs: 1, ...(reason === undefined ? {} : { reason }) },
  })

const hostSample = (change: Partial<HostSample> = {}): HostSample => ({
  name: 'host-0',
  address: host,
  soundSinceMs: 0,
  containers: [],
  holdings: { containers: 0 },
  ...change,
})
const tenantSample = (change: Partial<TenantSample> = {}): TenantSample => ({
  name: 'tenant-0',
  address: tenant,
  soundSinceMs: 0,
  runs: [],
  maps: [],
  forgot: false,
  ...change,
})
const endOf = (change: Partial<End & Rest>): End & Rest => ({
  atMs: 0,
  nowSeconds: 4100,
  leases: finalState,
  hosts: [],
  tenants: [],
  gauges: [],
  faulty: false,
  waits: 0,
  outputs: new Map(),
  earnings: new Map(),
  ...change,
})

/** What the checker says at last when it is shown the same world at several times. */
const shown = (checker: Checker, times: readonly number[], change: Partial<End>) => {
  let finding: string | undefined
  for (const atMs of times) finding ??= checker.onSample?.(endOf({ ...change, atMs }))
  return finding
}

test('every-lease-settled passes a settled world and finds a lease that is not', () => {
  assert.equal(createEveryLeaseSettled().onRest?.(endOf({})), undefined)
  const open = { leases: stateAt(2000), nowSeconds: 9000 }
  assert.match(createEveryLeaseSettled().onRest?.(endOf(open)) ?? '', /1 leases are not settled/)
})

test('runs-end finds a run that goes on when all is over', () => {
  const ended = tenantSample({ runs: [exited(3)] })
  assert.equal(createRunsEnd().onRest?.(endOf({ tenants: [ended] })), undefined)
  const going = tenantSample({ runs: [runSample({})] })
  assert.match(createRunsEnd().onRest?.(endOf({ tenants: [going] })) ?? '', /still running/)
})

test('exits-true finds a wrong exit code, and a failure that no fault explains', () => {
  const check = (run: RunSample, faulty: boolean) =>
    createExitsTrue().onSample?.(endOf({ tenants: [tenantSample({ runs: [run] })], faulty }))
  assert.equal(check(exited(3), false), undefined)
  assert.match(check(exited(0), true) ?? '', /exit code 0/)
  assert.match(check(exited(125, 'host-lost'), false) ?? '', /without a fault/)
  assert.equal(check(exited(125, 'host-lost'), true), undefined)
  assert.equal(check({ ...exited(0), expected: runSample({}, true).expected }, false), undefined)
})

test('containers-have-leases gives a sound host some time to remove a container', () => {
  const lost = hostSample({ containers: [{ id: 'c', running: true, lease: leaseId }] })
  const check = (hosts: readonly HostSample[], leases: LeasesState) =>
    shown(createContainersHaveLeases(60_000), [100_000, 150_000, 200_000], {
      hosts,
      leases,
      nowSeconds: 320,
    })
  assert.match(check([lost], stateAt(320)) ?? '', /without a live lease/)
  assert.equal(check([lost], stateAt(200)), undefined)
  assert.equal(check([{ ...lost, soundSinceMs: 190_000 }], stateAt(320)), undefined)
  assert.equal(check([{ ...lost, soundSinceMs: undefined }], stateAt(320)), undefined)
  assert.match(
    check([hostSample({ containers: [{ id: 'd', running: true }] })], stateAt(320)) ?? '',
    /none/,
  )
})

test('leases-closed-promptly finds a lease that is open for nothing', () => {
  const check = (runs: readonly RunSample[]) =>
    shown(createLeasesClosedPromptly(60, 60_000), [0, 100_000, 200_000], {
      tenants: [tenantSample({ runs })],
      leases: stateAt(200),
      nowSeconds: 200,
    })
  assert.match(check([exited(3)]) ?? '', /with nothing on it/)
  assert.equal(check([runSample({ lease: leaseId })]), undefined)
})

test('queues-bounded finds a gauge beyond its bound', () => {
  const gauge = { name: 'outbox of host-0', value: 10, max: 10 }
  assert.equal(shown(createQueuesBounded(), [0], { gauges: [gauge] }), undefined)
  const over = { gauges: [{ ...gauge, value: 11 }] }
  assert.match(shown(createQueuesBounded(), [0], over) ?? '', /outbox of host-0/)
})

test('nothing-leaked finds a container, and a wait that nobody ended', () => {
  const clean = endOf({ hosts: [hostSample()] })
  assert.equal(createNothingLeaked().onEnd?.(clean), undefined)
  const left = endOf({ hosts: [hostSample({ holdings: { containers: 2 } })] })
  assert.match(createNothingLeaked().onEnd?.(left) ?? '', /2 containers/)
  assert.match(createNothingLeaked().onEnd?.({ ...clean, waits: 1 }) ?? '', /1 waits/)
})

test('honest-unharmed finds a report in a world without faults only', () => {
  const checker = createHonestUnharmed()
  for (const applied of story) checker.onCall?.(applied)
  assert.match(checker.onRest?.(endOf({})) ?? '', /lease/)
  assert.equal(checker.onRest?.(endOf({ faulty: true })), undefined)
  assert.equal(createHonestUnharmed().onRest?.(endOf({})), undefined)
})

test('exits-true finds a run that was lost with its host although it is to be started again', () => {
  const lost = exited(125, 'host-lost')
  const restarting = { ...lost, expected: { ...lost.expected, restarts: true } }
  const check = (run: RunSample) =>
    createExitsTrue().onRest?.(endOf({ tenants: [tenantSample({ runs: [run] })], faulty: true }))
  assert.equal(check(lost), undefined)
  assert.match(check(restarting) ?? '', /started again/)
})

test('outputs-complete wants what a program said, after a restart at least at the end', () => {
  const check = (run: RunSample, said: string) =>
    createOutputsComplete().onRest?.(
      endOf({
        tenants: [tenantSample({ runs: [run] })],
        outputs: new Map([['tenant-0/job-1', said]]),
      }),
    )
  const moved = { ...exited(3), view: { ...exited(3).view, epoch: 2 } }
  assert.equal(check(exited(3), 'begun\n'), undefined)
  assert.match(check(exited(3), 'beg') ?? '', /came home/)
  assert.match(check(exited(3), 'begun\nbegun\n') ?? '', /came home/)
  assert.equal(check(moved, 'begbegun\n'), undefined)
  assert.match(check(moved, 'begun') ?? '', /came home/)
})

test('bills-true compares what tenants and hosts are told with what the chain moved', () => {
  const total = [...finalState.leases.entries()].reduce((sum, [, lease]) => sum + paid(lease), 0n)
  const check = (cost: bigint, earned: bigint, forgot = false) =>
    createBillsTrue().onRest?.(
      endOf({
        hosts: [hostSample()],
        tenants: [tenantSample({ runs: [runSample({ cost: tokenAmount(cost) })], forgot })],
        earnings: new Map([[host, earned]]),
      }),
    )
  assert.equal(check(total, total), undefined)
  assert.match(check(total + 1n, total) ?? '', /was told/)
  assert.match(check(total - 1n, total) ?? '', /was told/)
  assert.equal(check(total - 100n, total, true), undefined)
  assert.match(check(total, total + 1n) ?? '', /earned/)
})

test('maps-complete finds a map that is done too early, and one that failed without a fault', () => {
  const map = (change: Partial<MapView>): MapView => ({
    id: exited(0).view.id,
    status: 'done',
    image: 'busybox',
    createdAtMs: 0,
    total: 3,
    done: 3,
    failed: 0,
    retried: 0,
    hosts: [],
    ...change,
  })
  const check = (change: Partial<MapView>, faulty: boolean) =>
    createMapsComplete().onRest?.(
      endOf({ tenants: [tenantSample({ maps: [map(change)] })], faulty }),
    )
  assert.equal(check({}, false), undefined)
  assert.match(check({ done: 2 }, true) ?? '', /2 of 3/)
  assert.match(check({ status: 'failed' }, false) ?? '', /without a fault/)
  assert.equal(check({ status: 'failed' }, true), undefined)
})
