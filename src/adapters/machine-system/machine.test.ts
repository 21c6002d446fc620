import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { ArtelError } from '#core/errors'
import { parseGpus } from './gpus.ts'
import { createSystemMachine } from './machine.ts'

const machine = createSystemMachine({ directory: tmpdir() })
const signal = AbortSignal.timeout(30_000)

test('the facts of this computer are plausible', async () => {
  const { arch, cpuModel, resources, gpus } = await machine.facts(signal)
  assert.match(arch, /^(amd64|arm64|\w+)$/)
  assert.ok(cpuModel.length > 0)
  assert.ok(resources.cpuMilli >= 1000 && resources.memoryBytes > 0 && resources.diskBytes > 0)
  assert.equal(resources.gpus, gpus.length)
})

test('a benchmark gives a speed and ends when it is told to', async () => {
  assert.ok((await machine.benchmark(5, signal)) > 1)
  const reason = new ArtelError('cancelled', 'enough')
  await assert.rejects(machine.benchmark(10_000, AbortSignal.abort(reason)), reason)
})

test('cards are read from the list of the NVIDIA tool, and noise is not', () => {
  const listing = [
    'GPU-8f5c1d1e-0f3a-4a51-9f1e-0a1b2c3d4e5f, NVIDIA GeForce RTX 3090, 24576',
    'GPU-00000000-0000-0000-0000-000000000001, NVIDIA Thor, [N/A]',
    'Unable to determine the device handle',
    '',
  ].join('\n')
  assert.deepEqual(parseGpus(listing), [
    {
      id: 'GPU-8f5c1d1e-0f3a-4a51-9f1e-0a1b2c3d4e5f',
      name: 'NVIDIA GeForce RTX 3090',
      memoryBytes: 24576 * 1024 * 1024,
    },
    { id: 'GPU-00000000-0000-0000-0000-000000000001', name: 'NVIDIA Thor', memoryBytes: 0 },
  ])
})
