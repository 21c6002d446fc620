import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workerCreate } from '#protocol/peer/host-routes'
import { runSpec } from '../../test/integration/host/rig.ts'
import { image, newRun, play, task } from '../../test/integration/host/stage.ts'

test(
  'a worker runs task after task and survives those that fail',
  play(async ({ rig }) => {
    const lease = await rig.lease(600)
    const run = newRun()
    const made = await rig.call(workerCreate, { lease, run, spec: runSpec(image.id, []) })
    assert.equal(made.result.shell, true)
    const codes: number[] = []
    for (const command of [['echo', 'hi'], ['sh', '-c', 'exit 9'], ['no-such-program']]) {
      const { result, body } = await task(rig, lease, run, command)
      for await (const _ of body);
      codes.push(result.exitCode)
    }
    assert.deepEqual(codes, [0, 9, 127])
    const late = await task(rig, lease, run, ['sleep', '100'], 2)
    assert.equal(late.result.reason, 'timeout')
  }),
)

test(
  'a worker takes one task at a time',
  play(async ({ rig }) => {
    const lease = await rig.lease(600)
    const run = newRun()
    await rig.call(workerCreate, { lease, run, spec: runSpec(image.id, []) })
    const first = task(rig, lease, run, ['sleep', '5'])
    await rig.until(async () => {
      const second = await task(rig, lease, run, ['true']).then(
        () => 'ran',
        (error) => error.code,
      )
      return second === 'busy'
    }, 'the second is refused')
    assert.equal((await first).result.exitCode, 0)
  }),
)
