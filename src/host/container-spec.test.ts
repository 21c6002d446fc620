import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRunId, type RunId, zeroAddress, zeroHash } from '#core/ids'
import type { RunSpec } from '#core/manifest'
import { type ContainerRequest, containerDefaults, containerSpec } from './container-spec.ts'

const mebibyte = 1024 * 1024
const run = parseRunId('0123456789abcdef0123456789abcdef') as RunId
const spec: RunSpec = {
  image: { reference: 'x', digest: `sha256:${'0'.repeat(64)}`, source: 'tenant' },
  env: ['A=1'],
  labels: {},
  tty: false,
  openStdin: false,
  stopGraceSeconds: 10,
  inputs: [],
  outputs: [],
}
const request: ContainerRequest = {
  node: zeroAddress,
  lease: zeroHash,
  run,
  requirements: {
    version: 1,
    resources: { cpuMilli: 1500, memoryBytes: 64 * mebibyte, diskBytes: 0, gpus: 0 },
    isolation: 'container',
    network: 'none',
  },
  spec,
  image: 'sha256:1',
  gpuIds: [],
  hidesGpus: false,
  network: 'none',
}
const made = (more: Partial<ContainerRequest> = {}) =>
  containerSpec({ ...request, ...more }, containerDefaults)

test('every limit of a container is the lease’s own', () => {
  const container = made()
  assert.equal(container.cpuMilli, 1500)
  assert.equal(container.memoryBytes, 64 * mebibyte)
  assert.equal(container.shmBytes, 32 * mebibyte)
  assert.equal(container.pidsMax, 1024)
})

test('a tenant cannot forge the labels by which a node knows its own', () => {
  const labels = { 'com.artel.lease': 'forged', 'com.docker.compose.project': 'x' }
  const container = made({ spec: { ...spec, labels } })
  assert.equal(container.labels['com.artel.lease'], zeroHash)
  assert.equal(container.labels['com.docker.compose.project'], undefined)
  assert.equal(container.labels['com.artel.tenant.com.artel.lease'], 'forged')
})

test('a tenant cannot ask the runtime for GPUs that are not leased', () => {
  const env = ['NVIDIA_VISIBLE_DEVICES=all', 'A=1']
  assert.deepEqual(made({ spec: { ...spec, env } }).env, ['A=1'])
  const beside = made({ spec: { ...spec, env }, hidesGpus: true })
  assert.deepEqual(beside.env, ['A=1', 'NVIDIA_VISIBLE_DEVICES=void'])
  assert.deepEqual(made({ hidesGpus: true, gpuIds: ['0'] }).env, ['A=1'])
})

test('no container may open raw sockets, make device nodes or change root', () => {
  for (const forbidden of ['NET_RAW', 'MKNOD', 'SYS_CHROOT', 'SYS_ADMIN', 'NET_ADMIN']) {
    assert.ok(!made().capabilities.includes(forbidden))
  }
})

test('the stronger isolation is a runtime of its own', () => {
  assert.equal(made().runtime, undefined)
  const requirements = { ...request.requirements, isolation: 'gvisor' } as const
  assert.equal(made({ requirements }).runtime, 'runsc')
})

test('a container without a network asks no name server', () => {
  assert.deepEqual(made().dns, [])
  assert.deepEqual(made({ network: 'artel-1' }).dns, containerDefaults.dns)
})

test('two leases never name their containers alike, though tenants choose run ids', () => {
  const lease = `0x${'1'.repeat(64)}` as typeof zeroHash
  assert.notEqual(made().name, made({ lease }).name)
})
