import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryImage } from '#adapters/memory/engine-images'
import { runCreate } from '#protocol/peer/host-routes'
import { runSpec } from '../../test/integration/host/rig.ts'
import { newRun, play } from '../../test/integration/host/stage.ts'
import { openPaths } from './image-volumes.ts'

test('what the host mounts itself needs no volume', () => {
  const mounts = [{ source: '/v/in', target: '/in', readonly: true }]
  assert.deepEqual(openPaths(['/in', '/data'], mounts), ['/data'])
})

test(
  'the volumes of an image share the disk of the lease instead of taking the host’s',
  play(async ({ engine, rig }) => {
    const withVolume = memoryImage('database:1', { volumes: ['/data'] })
    engine.addImage(withVolume)
    const lease = await rig.lease(600)
    const run = newRun()
    const spec = runSpec(withVolume.id, ['true'])
    await rig.call(runCreate, { lease, run, spec, start: false, holdOutput: false })
    const names = (await engine.list('com.artel.node', rig.signal)).map(({ name }) => name)
    assert.equal(names.length, 1, 'the container that only showed the image is gone')
    assert.ok(!names[0]?.endsWith('-seed'))
  }),
)
