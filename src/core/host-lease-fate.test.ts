import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type FateInput,
  lapseGraceSeconds,
  leaseFate,
  missingSecondsMax,
} from './host-lease-fate.ts'
import { zeroAddress, zeroHash } from './ids.ts'
import type { LeaseRecord } from './lease.ts'
import { noTokens, rate, tokenAmount } from './money.ts'

const record: LeaseRecord = {
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
    bond: noTokens,
    quitFee: noTokens,
    reportFee: noTokens,
    committed: 10_000,
    bidExpiry: 130,
    minimum: 1,
    silence: 60,
    window: 3600,
    answerIn: 7200,
  },
  status: 'running',
  opened: 110,
  deposit: tokenAmount(100n),
  bondLeft: noTokens,
  ack: 110,
  extra: noTokens,
  quit: false,
}
const input: FateInput = {
  state: 'bid',
  bidExpiry: 130,
  record: undefined,
  now: 120,
  headSeconds: 120,
  missingSeconds: 0,
}

test('a bid waits for its open until a block after its expiry says that it cannot come', () => {
  assert.deepEqual(leaseFate({ ...input, now: 131, headSeconds: 130 }), { kind: 'keep' })
  assert.deepEqual(leaseFate({ ...input, now: 131, headSeconds: 131 }), { kind: 'lapse' })
})

test('a bid lapses on a chain that makes no blocks too', () => {
  const now = input.bidExpiry + lapseGraceSeconds + 1
  assert.deepEqual(leaseFate({ ...input, now }), { kind: 'lapse' })
})

test('a bid that is open on chain runs, also when it had lapsed', () => {
  assert.deepEqual(leaseFate({ ...input, record }), { kind: 'run' })
  assert.deepEqual(leaseFate({ ...input, state: 'lapsed', record }), { kind: 'run' })
})

test('a running lease ends with its deposit, its closing, its successor or its quitting', () => {
  const running = { ...input, state: 'running', record } as const
  assert.deepEqual(leaseFate(running), { kind: 'keep' })
  const reasons = [
    leaseFate({ ...running, now: 210 }),
    leaseFate({ ...running, record: { ...record, status: 'settled', ended: 115 } }),
    leaseFate({ ...running, record: { ...record, status: 'ended', ended: 115 } }),
    leaseFate({ ...running, record: { ...record, status: 'ended', ended: 115, quit: true } }),
  ].map((fate) => (fate.kind === 'end' ? fate.reason : fate.kind))
  assert.deepEqual(reasons, [
    'the deposit is used up',
    'the lease was closed',
    'a newer lease took its place',
    'the host quit',
  ])
})

test('a reported lease goes on: the host is there to answer', () => {
  const reported = { ...record, status: 'reported' } as const
  assert.deepEqual(leaseFate({ ...input, state: 'running', record: reported }), { kind: 'keep' })
})

test('a superseded lease ends even while a report is open', () => {
  const reported = { ...record, status: 'reported', ended: 115 } as const
  assert.equal(leaseFate({ ...input, state: 'running', record: reported }).kind, 'end')
})

test('a running lease survives a reorganisation that brings it back in time', () => {
  const missing = (missingSeconds: number) =>
    leaseFate({ ...input, state: 'running', missingSeconds }).kind
  assert.equal(missing(missingSecondsMax), 'keep')
  assert.equal(missing(missingSecondsMax + 1), 'end')
})
