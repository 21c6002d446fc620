import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock } from '#adapters/memory/clock'
import { createSeededRandom } from '#adapters/memory/random'
import { createSeededSigner } from '#adapters/memory/signer'
import { createFaultDriver, type HostTarget } from './fault-driver.ts'
import type { Fault } from './faults.ts'

const inflicted = async (faults: readonly Fault[]): Promise<readonly string[]> => {
  const clock = createVirtualClock({ startMs: 0 })
  const seen: string[] = []
  const note = (what: string): void => void seen.push(`${clock.monotonicMs()} ${what}`)
  const site = (name: string): HostTarget['site'] => ({
    signer: createSeededSigner(createSeededRandom(name)),
    start: async () => note(`${name} starts`),
    crash: (how) => note(`${name} crashes ${how}`),
    hinder: (on) => note(`${name} ${on ? 'hindered' : 'free'}`),
  })
  const host = (name: string): HostTarget => ({
    site: site(name),
    setEngineFailing: (on) => note(`${name} engine ${on ? 'gone' : 'back'}`),
    killContainers: async () => note(`${name} containers die`),
    leave: async () => note(`${name} leaves`),
  })
  const driver = createFaultDriver(
    {
      clock,
      hosts: [host('a'), host('b')],
      tenants: [{ site: site('t') }],
      internet: { setLink: (_a, _b, link) => note(`link ${link.latencyMs}`) },
      partitions: {
        cut: (x, y) => note(`cut ${x.length}-${y.length}`),
        heal: (x, y) => note(`heal ${x.length}-${y.length}`),
      },
      chain: {
        reorg: (depth, drop) => note(`reorg ${depth}${drop ? ' for good' : ''}`),
        setOutage: (_, out) => note(`rpc ${out ? 'out' : 'back'}`),
      },
      usualLatencyMs: 20,
    },
    () => undefined,
  )
  const done = driver.inflict(faults, new AbortController().signal)
  await clock.advance(100_000)
  await done
  return seen
}

const [a, t] = [
  { role: 'host', index: 0 },
  { role: 'tenant', index: 0 },
] as const

test('a crash ends and a second one meanwhile does nothing', async () => {
  const crash = { kind: 'crash', node: a, forMs: 100 } as const
  assert.deepEqual(
    await inflicted([
      { ...crash, atMs: 10 },
      { ...crash, atMs: 50 },
    ]),
    ['10 a crashes reset', '110 a starts'],
  )
})

test('a power cut takes the containers along', async () => {
  assert.deepEqual(await inflicted([{ kind: 'power-cut', host: 0, atMs: 10, forMs: 5 }]), [
    '10 a crashes silent',
    '10 a containers die',
    '15 a starts',
  ])
})

test('partitions, slow links, outages and engine failures end after their time', async () => {
  assert.deepEqual(
    await inflicted([
      { kind: 'partition', nodes: [a], atMs: 10, forMs: 5 },
      { kind: 'slow-link', a, b: t, latencyMs: 900, atMs: 20, forMs: 5 },
      { kind: 'rpc-outage', node: t, atMs: 30, forMs: 5 },
      { kind: 'engine-failure', host: 1, atMs: 40, forMs: 5 },
    ]),
    [
      '10 cut 1-2',
      '15 heal 1-2',
      '20 link 900',
      '25 link 20',
      '30 t hindered',
      '30 rpc out',
      '35 rpc back',
      '35 t free',
      '40 b hindered',
      '40 b engine gone',
      '45 b engine back',
      '45 b free',
    ],
  )
})

test('a host that left is not started again', async () => {
  assert.deepEqual(
    await inflicted([
      { kind: 'leave', host: 0, drainSeconds: 1, atMs: 10, forMs: 0 },
      { kind: 'crash', node: a, atMs: 20, forMs: 5 },
      { kind: 'reorg', depth: 2, drop: true, atMs: 30, forMs: 0 },
    ]),
    ['10 a leaves', '30 reorg 2 for good'],
  )
})
