import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type SettlementPolicy, settlementStep } from './host-settlement.ts'
import { zeroAddress, zeroHash } from './ids.ts'
import { answerBlocks, endOf, type LeaseRecord, owed, paid } from './lease.ts'
import type { LeasesEnv } from './lease-calls.ts'
import {
  answer,
  claim,
  claimSilent,
  close,
  quit,
  report,
  resolve,
  settle,
} from './lease-transitions.ts'
import { noTokens, rate, tokenAmount } from './money.ts'

const policy: SettlementPolicy = { claimEverySeconds: 21_600, claimAbove: tokenAmount(50_000n) }

const opened: LeaseRecord = {
  id: zeroHash,
  terms: {
    tenant: zeroAddress,
    host: zeroAddress,
    signer: zeroAddress,
    deployment: zeroHash,
    instance: zeroHash,
    epoch: 1,
    previous: zeroHash,
    manifest: zeroHash,
    observers: zeroHash,
    rate: rate(1_000_000_000n),
    extraMax: noTokens,
    bond: tokenAmount(10n),
    quitFee: noTokens,
    reportFee: noTokens,
    committed: 1000,
    bidExpiry: 30,
    minimum: 1,
    silence: 60,
    window: 3600,
    answerIn: 7200,
  },
  status: 'running',
  opened: 0,
  deposit: tokenAmount(100_000n),
  bondLeft: tokenAmount(10n),
  ack: 0,
  extra: noTokens,
  quit: false,
}

const stepAt = (lease: LeaseRecord, now: number, until?: number, block = 1) =>
  settlementStep(
    lease,
    until === undefined ? undefined : { until, extra: noTokens },
    now,
    block,
    policy,
  )

test('a running lease is left alone until there is enough to claim', () => {
  assert.deepEqual(stepAt(opened, 100, 100), { kind: 'wait', until: 21_600 })
})

test('a receipt is claimed when it is due or worth the transaction', () => {
  const receipt = (until: number) => ({ kind: 'claim', receipt: { until, extra: noTokens } })
  assert.deepEqual(stepAt(opened, 21_600, 21_000), receipt(21_000))
  assert.deepEqual(stepAt(opened, 60_000, 50_001), receipt(50_001))
})

test('a tenant that gives no receipts is claimed from by silence', () => {
  assert.deepEqual(stepAt(opened, 21_600 + 3600), { kind: 'claimSilent' })
})

test('a report is answered at once while it can be', () => {
  const reported: LeaseRecord = {
    ...opened,
    status: 'reported',
    report: { at: 100, block: 1, by: zeroAddress, fee: noTokens },
  }
  assert.deepEqual(stepAt(reported, 101), { kind: 'answer' })
  const late = 100 + 7200
  assert.deepEqual(stepAt(reported, late, undefined, 1 + answerBlocks), { kind: 'resolve' })
  assert.equal(stepAt(reported, late, 150, 1 + answerBlocks).kind, 'claim')
})

test('an ended lease waits for its window unless a receipt reaches its end', () => {
  const ended: LeaseRecord = { ...opened, status: 'ended', ended: 500 }
  assert.deepEqual(stepAt(ended, 600, 400), { kind: 'wait', until: 500 + 3600 })
  assert.equal(stepAt(ended, 600, 500).kind, 'claim')
  assert.deepEqual(stepAt({ ...ended, ack: 500 }, 600), { kind: 'settle' })
  assert.deepEqual(stepAt(ended, 500 + 3600), { kind: 'settle' })
})

test('a receipt from after the end is of no use', () => {
  const ended: LeaseRecord = { ...opened, status: 'ended', ended: 500 }
  assert.deepEqual(stepAt(ended, 600, 550), { kind: 'wait', until: 4100 })
})

test('a settled lease is done', () => {
  assert.deepEqual(stepAt({ ...opened, status: 'settled', ended: 1 }, 10), { kind: 'done' })
})

type Move = {
  readonly kind: 'receipt' | 'report' | 'close' | 'quit' | 'wait'
  readonly seconds: number
}

/** Plays a lease on the rules of the contract; the host does what the policy says, at once. */
const play = (moves: readonly Move[]): LeaseRecord => {
  let lease = opened
  let held: { readonly until: number; readonly extra: typeof noTokens } | undefined
  let now = 0
  const env = (): LeasesEnv => ({ sender: zeroAddress, nowSeconds: now, blockNumber: now })
  const apply = (step: ReturnType<typeof settle>): void => {
    assert.ok(step.ok, step.ok ? '' : step.refusal)
    lease = step.lease
  }
  const hostActs = (): number | undefined => {
    for (let turns = 0; turns < 8; turns += 1) {
      const step = settlementStep(lease, held, now, now, policy)
      if (step.kind === 'wait') return step.until
      if (step.kind === 'done') return undefined
      if (step.kind === 'claim') apply(claim(lease, env(), step.receipt.until, step.receipt.extra))
      else apply({ claimSilent, answer, resolve, settle }[step.kind](lease, env()))
    }
    throw new Error(`no end of steps at ${now}`)
  }
  for (const { kind, seconds } of moves) {
    now += seconds
    if (kind === 'receipt') held = { until: endOf(lease, now), extra: noTokens }
    const tried =
      kind === 'report'
        ? report(lease, env())
        : kind === 'close'
          ? close(lease, env())
          : kind === 'quit'
            ? quit(lease, env())
            : undefined
    if (tried?.ok === true) lease = tried.lease
    hostActs()
  }
  for (let waits = 0; waits < 1000; waits += 1) {
    const until = hostActs()
    if (until === undefined) return lease
    assert.ok(until > now, 'waiting moves time')
    now = until
  }
  throw new Error('never settled')
}

const move = fc.record({
  kind: fc.constantFrom<Move['kind']>('receipt', 'report', 'close', 'quit', 'wait'),
  seconds: fc.integer({ min: 1, max: 30_000 }),
})

test('whatever a tenant does, a host that follows the policy is paid all service and keeps its bond', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 12 }), (moves) => {
      const lease = play(moves)
      const end = endOf(lease, Number.MAX_SAFE_INTEGER)
      assert.equal(lease.status, 'settled')
      assert.equal(paid(lease), owed(lease, Math.max(end, lease.ack), lease.extra))
      assert.equal(lease.bondLeft, 0n)
    }),
    { numRuns: 300 },
  )
})
