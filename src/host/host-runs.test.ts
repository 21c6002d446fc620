import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LeaseId } from '#core/ids'
import { encodeTarHeader, tarEnd, tarPadding } from '#core/tar-header'
import type { BodyPart } from '#protocol/peer/call'
import {
  runCreate,
  runGetArchive,
  runInput,
  runOutput,
  runRemove,
  runStart,
  runStop,
} from '#protocol/peer/host-routes'
import { small } from '../../test/integration/host/rig.ts'
import {
  begin,
  exited,
  image,
  newRun,
  play,
  rejects,
  sh,
  textOf,
} from '../../test/integration/host/stage.ts'
import { containerDefaults, containerSpec } from './container-spec.ts'

const bytesText = async (body: AsyncIterable<BodyPart>): Promise<string> => {
  let text = ''
  for await (const part of body) {
    if (part.kind === 'data') text += new TextDecoder('latin1').decode(part.bytes)
  }
  return text
}

test(
  'a run says what it has to say and how it ended',
  play(async ({ rig }) => {
    const lease = await rig.lease(600)
    const { run } = await begin(rig, lease, sh('echo hello; sleep 3; echo bye; exit 4'))
    const { body } = await rig.call(runOutput, { lease, run, offset: 0, follow: true })
    assert.equal(await textOf(body), 'hello\nbye\n')
    const { exitCode } = await exited(rig, lease, run)
    assert.equal(exitCode, 4)
  }),
)

test(
  'creating a run again is the same run; another under its id is a conflict',
  play(async ({ rig }) => {
    const lease = await rig.lease(600)
    const { run } = await begin(rig, lease, sh('sleep 60'))
    assert.equal((await begin(rig, lease, sh('sleep 60'), run)).state.status, 'running')
    await assert.rejects(begin(rig, lease, sh('sleep 61'), run), rejects('conflict'))
  }),
)

test(
  'a lease runs one program at a time on all that was leased',
  play(async ({ rig }) => {
    const lease = await rig.lease(600)
    const { run } = await begin(rig, lease, sh('sleep 60'))
    await assert.rejects(begin(rig, lease, sh('true')), rejects('busy'))
    await rig.call(runStop, { lease, run, graceSeconds: 0 })
    assert.equal((await begin(rig, lease, sh('true'))).state.status, 'running')
  }),
)

test(
  'a run that takes too long, and one that takes too much, end with the reason',
  play(async ({ rig }) => {
    const lease = await rig.lease(600)
    const slow = await begin(rig, lease, sh('sleep 60', { timeoutSeconds: 2 }))
    assert.equal((await exited(rig, lease, slow.run)).reason, 'timeout')
    const greedy = await begin(rig, lease, sh('exhaust-memory'))
    const { exitCode, reason, message } = await exited(rig, lease, greedy.run)
    assert.deepEqual([exitCode, reason], [137, 'out-of-memory'])
    assert.match(message ?? '', /64 MiB/)
  }),
)

test(
  'a run starts when its inputs have arrived, not before',
  play(async ({ rig }) => {
    const lease = await rig.lease(600)
    const run = newRun()
    const spec = sh('true', { inputs: [{ target: '/data', blob: 'a'.repeat(64) }] })
    await rig.call(runCreate, { lease, run, spec, start: false, holdOutput: false })
    await assert.rejects(rig.call(runStart, { lease, run }), rejects('conflict', /\/data/))
  }),
)

test(
  'a folder for outputs is there before the program starts, for whichever user it runs as',
  play(async ({ rig }) => {
    const lease = await rig.lease(600)
    const spec = sh('sleep 60', { outputs: ['/out/deep', '/film.mp4'] })
    const { run } = await begin(rig, lease, spec)
    const { body } = await rig.call(runGetArchive, { lease, run, path: '/out/deep' })
    const header = await bytesText(body)
    assert.match(header, /^deep\//)
    assert.match(header.slice(100, 108), /1777/)
    const file = rig.call(runGetArchive, { lease, run, path: '/film.mp4' })
    await assert.rejects(file, rejects('not-found'))
  }),
)

test(
  'a removed run is gone, and removing it again changes nothing',
  play(async ({ engine, rig }) => {
    const lease = await rig.lease(600)
    const { run } = await begin(rig, lease, sh('sleep 60'))
    await rig.call(runRemove, { lease, run })
    await rig.call(runRemove, { lease, run })
    assert.deepEqual(await engine.list('com.artel.node', rig.signal), [])
  }),
)

test(
  'runs go on while their host restarts, and what nobody leases is removed',
  play(async ({ engine, rig }) => {
    const lease = await rig.lease(600)
    const { run } = await begin(rig, lease, sh('sleep 20; exit 6'))
    const orphan = containerSpec(
      {
        node: rig.hostSigner.address,
        lease: `0x${'ab'.repeat(32)}` as LeaseId,
        run: newRun(),
        requirements: small,
        spec: sh('true'),
        image: image.id,
        gpuIds: [],
        hidesGpus: false,
        network: 'none',
      },
      containerDefaults,
    )
    await engine.create(orphan, rig.signal)
    await rig.restartHost()
    await rig.until(() => rig.host.view().problem === undefined, 'ready')
    assert.equal((await engine.list('com.artel.node', rig.signal)).length, 1)
    assert.equal((await exited(rig, lease, run)).exitCode, 6)
  }),
)

test(
  'a run whose container was lost with the machine says so',
  play(async ({ engine, rig }) => {
    const lease = await rig.lease(600)
    const { run } = await begin(rig, lease, sh('sleep 100'))
    engine.loseEverything()
    engine.addImage(image)
    await rig.restartHost()
    const { reason, exitCode } = await exited(rig, lease, run)
    assert.deepEqual([exitCode, reason], [125, 'interrupted'])
  }),
)

test(
  'archives for a run that does not run fill no more than the disk of the lease',
  play(async ({ rig }) => {
    const diskBytes = 2 * 1024 * 1024
    const resources = { ...small.resources, diskBytes }
    const lease = await rig.lease(600, { ...small, resources })
    const run = newRun()
    const spec = sh('true')
    await rig.call(runCreate, { lease, run, spec, start: false, holdOutput: false })
    const half = new Uint8Array(Math.floor(diskBytes * 0.6))
    const put = (name: string) => {
      const base = { name, mode: 0o644, uid: 0, gid: 0, mtime: 0, size: half.length }
      const header = encodeTarHeader({ ...base, type: 'file' })
      const body = (async function* (): AsyncGenerator<BodyPart> {
        for (const bytes of [header, half, tarPadding(half.length), tarEnd]) {
          yield { kind: 'data', bytes }
        }
      })()
      return rig.call(runInput, { lease, run, target: '/in' }, body)
    }
    await put('one')
    await assert.rejects(put('two'), rejects('out-of-disk'))
  }),
)

test(
  'runs with long specifications fill no more than a bound of memory',
  play(async ({ rig }) => {
    const lease = await rig.lease(600)
    const env = Array.from({ length: 7 }, (_, index) => `V${index}=${'x'.repeat(120 * 1024)}`)
    const create = () => {
      const spec = sh('true', { env })
      return rig.call(runCreate, { lease, run: newRun(), spec, start: false, holdOutput: false })
    }
    for (let count = 0; count < 10; count += 1) await create()
    await assert.rejects(create(), rejects('busy'))
  }),
)
