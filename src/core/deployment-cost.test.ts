import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DeploymentState } from './deployment.ts'
import { costOfDeployment, costOfUse } from './deployment-cost.ts'
import { zeroHash } from './ids.ts'
import { endOf, type LeaseRecord, owed } from './lease.ts'
import { noTokens, rate, tokenAmount } from './money.ts'

const opened = 1_700_000_000

const anyLease = fc
  .record({
    price: fc.integer({ min: 0, max: 5_000_000_000 }),
    deposit: fc.integer({ min: 1, max: 100_000 }),
    ended: fc.option(fc.integer({ min: 0, max: 5_000 })),
  })
  .map(({ price, deposit, ended }) => {
    const terms = { rate: rate(BigInt(price)), extraMax: noTokens, committed: opened + 5_000 }
    return {
      terms,
      opened,
      deposit: tokenAmount(BigInt(deposit)),
      extra: noTokens,
      status: ended === null ? 'running' : 'ended',
      ...(ended === null ? {} : { ended: opened + ended }),
    } as LeaseRecord
  })

test('what runs that follow each other on one lease pay is what the lease costs', () => {
  fc.assert(
    fc.property(anyLease, fc.nat(10_000), fc.nat(10_000), (lease, handOver, later) => {
      const now = opened + handOver + later
      const at = opened + handOver
      const first = costOfUse({ untilSeconds: at }, lease, now)
      const second = costOfUse({ fromSeconds: at }, lease, now)
      assert.ok(first >= 0n && second >= 0n)
      assert.equal(first + second, owed(lease, endOf(lease, now), noTokens))
    }),
  )
})

test('a lease costs what the chain says now, and what was noted at its close once the chain forgets it', () => {
  const id = zeroHash
  const settled = {
    id,
    terms: { rate: rate(1_000_000_000n), extraMax: noTokens, committed: 0 },
    opened,
    deposit: tokenAmount(1000n),
    extra: noTokens,
    ack: opened + 70,
    ended: opened + 70,
    status: 'settled',
  } as LeaseRecord
  const state = {
    leases: [{ deal: { id }, status: 'closed', lost: false, paid: tokenAmount(50n) }],
  } as unknown as DeploymentState
  assert.equal(
    costOfDeployment(state, () => settled, opened + 100),
    70n,
  )
  assert.equal(
    costOfDeployment(state, () => undefined, opened + 100),
    50n,
  )
})
