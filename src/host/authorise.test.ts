import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSeededRandom } from '#adapters/memory/random'
import { createMemoryRecords } from '#adapters/memory/records'
import { createSeededSigner } from '#adapters/memory/signer'
import { zeroAddress, zeroHash } from '#core/ids'
import { noTokens, rate } from '#core/money'
import type { HostLease } from '#protocol/host-records'
import { authorise } from './authorise.ts'
import { createLeaseStore } from './lease-store.ts'

const random = createSeededRandom('authorise')
const [tenant, signer, stranger] = ['tenant', 'signer', 'stranger'].map((name) =>
  createSeededSigner(random.fork(name)),
)
assert.ok(tenant !== undefined && signer !== undefined && stranger !== undefined)

const lease: HostLease = {
  id: zeroHash,
  terms: {
    tenant: tenant.address,
    host: zeroAddress,
    signer: signer.address,
    deployment: zeroHash,
    instance: zeroHash,
    epoch: 1,
    previous: zeroHash,
    manifest: zeroHash,
    observers: zeroHash,
    rate: rate(1n),
    extraMax: noTokens,
    bond: noTokens,
    quitFee: noTokens,
    reportFee: noTokens,
    committed: 1,
    bidExpiry: 1,
    minimum: 1,
    silence: 1,
    window: 1,
    answerIn: 1,
  },
  signature: '0x',
  requirements: {
    version: 1,
    resources: { cpuMilli: 1, memoryBytes: 1, diskBytes: 1, gpus: 0 },
    isolation: 'container',
    network: 'none',
  },
  gpuIds: [],
  state: 'running',
  bidAtMs: 1,
  earned: noTokens,
  settled: false,
  refusals: 0,
}

test('only the tenant and the key that speaks for it get at a lease', () => {
  const leases = createLeaseStore(createMemoryRecords())
  leases.put(lease)
  assert.equal(authorise(leases, lease.id, tenant.peerId), lease)
  assert.equal(authorise(leases, lease.id, signer.peerId), lease)
  assert.throws(() => authorise(leases, lease.id, stranger.peerId), { code: 'unauthorized' })
})

test('a stranger cannot tell a lease that exists from one that does not', () => {
  const leases = createLeaseStore(createMemoryRecords())
  leases.put(lease)
  const messageFor = (id: typeof zeroHash): string => {
    try {
      authorise(leases, id, stranger.peerId)
      return ''
    } catch (error) {
      return String(error).replaceAll(id, 'ID')
    }
  }
  const unknown = `0x${'1'.repeat(64)}` as typeof zeroHash
  assert.equal(messageFor(unknown), messageFor(lease.id))
})

test('leases come back from disk as they were', () => {
  const records = createMemoryRecords()
  createLeaseStore(records).put(lease)
  records.crash()
  assert.deepEqual(createLeaseStore(records).all(), [lease])
})
