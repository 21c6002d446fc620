import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createSystemClock } from '#adapters/clock-system/clock'
import type { DockerEngine } from '#adapters/engine-docker/engine'
import { createIptablesFirewall } from '#adapters/firewall-iptables/firewall'
import { createSystemMachine } from '#adapters/machine-system/machine'
import { createDiskSpools } from '#adapters/spools-disk/spools'
import { createDiskVolumes } from '#adapters/volumes-disk/volumes'
import { ArtelError } from '#core/errors'
import { parseRunId, type RunId } from '#core/ids'
import { createOutputDecoder } from '#protocol/output'
import type { BodyPart } from '#protocol/peer/call'
import {
  leaseStatus,
  runCreate,
  runExec,
  runGetArchive,
  runInput,
  runOutput,
  runRemove,
  runStart,
  runStdin,
  runStop,
  taskRun,
  workerCreate,
} from '#protocol/peer/host-routes'
import { busyboxReference } from '../../../scripts/engine/busybox-image.ts'
import { openDocker } from '../../conformance/open-docker.ts'
import { createRig, joinRequest, type Rig, runSpec, small } from './rig.ts'

const newRun = (): RunId => {
  const run = parseRunId(randomBytes(16).toString('hex'))
  assert.ok(run !== undefined)
  return run
}

const dataOf = async (body: AsyncIterable<BodyPart>): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  for await (const part of body) if (part.kind === 'data') chunks.push(part.bytes)
  return Buffer.concat(chunks)
}

const textOf = async (body: AsyncIterable<BodyPart>): Promise<string> => {
  const frames = createOutputDecoder().push(await dataOf(body))
  return frames.map(({ bytes }) => Buffer.from(bytes).toString()).join('')
}

const parts = async function* (...texts: readonly string[]): AsyncGenerator<BodyPart> {
  for (const text of texts) yield { kind: 'data', bytes: Buffer.from(text) }
}

describe('a host on a real engine', { timeout: 180_000 }, () => {
  let engine: DockerEngine
  let directory: string
  let digest: string
  let rig: Rig

  before(async () => {
    engine = await openDocker()
    directory = await mkdtemp(join(tmpdir(), 'artel-host-'))
    const image = await engine.image(busyboxReference, AbortSignal.timeout(10_000))
    assert.ok(image !== undefined)
    digest = image.id
    rig = await createRig(
      {
        clock: createSystemClock(),
        engine,
        firewall: createIptablesFirewall(),
        machine: createSystemMachine({ directory }),
        spools: await createDiskSpools({ directory: join(directory, 'spools') }),
        volumes: await createDiskVolumes({ directory: join(directory, 'volumes') }),
      },
      {},
      randomBytes(8).toString('hex'),
    )
    await rig.host.join(joinRequest, rig.signal)
  })
  after(async () => {
    await rig.host.leave(0, rig.signal)
    await rig.close()
    engine.close()
    await rm(directory, { recursive: true, force: true })
  })

  const finished = async (lease: `0x${string}`, run: RunId) => {
    let state: { status: string } = { status: 'none' }
    await rig.until(async () => {
      const { result } = await rig.call(leaseStatus, { lease: lease as never })
      state = result.runs.find((one) => one.run === run)?.state ?? state
      return state.status === 'exited'
    }, 'the run exits')
    return state
  }

  test('runs a command under a lease and hands over its output and exit code', async () => {
    const lease = await rig.lease(600)
    const run = newRun()
    const spec = runSpec(digest, ['sh', '-c', 'echo out; echo err >&2; exit 7'])
    await rig.call(runCreate, { lease, run, spec, start: true, holdOutput: false })
    const { body } = await rig.call(runOutput, { lease, run, offset: 0, follow: true })
    assert.match(await textOf(body), /out\n/)
    const state = await finished(lease, run)
    assert.equal((state as { exitCode?: number }).exitCode, 7)
    await rig.chainCall({ kind: 'close', terms: rig.termsOf(lease) })
    await rig.until(() => rig.host.view().leases.length === 0, 'the lease is forgotten')
    const earned = rig.host.earnings().find((one) => one.lease === lease)
    assert.ok(earned?.settled)
    assert.ok(earned.earned > 0n)
    const left = await engine.list(`com.artel.lease=${lease}`, rig.signal)
    assert.deepEqual(left, [])
  })

  test('says 127 for a command that the image lacks', async () => {
    const lease = await rig.lease(600)
    const run = newRun()
    const spec = runSpec(digest, ['/no/such/thing'])
    const { result } = await rig.call(runCreate, {
      lease,
      run,
      spec,
      start: true,
      holdOutput: false,
    })
    assert.equal(result.state.status, 'exited')
    assert.equal((result.state as { exitCode?: number }).exitCode, 127)
    await rig.chainCall({ kind: 'close', terms: rig.termsOf(lease) })
  })

  test('ends a run that fills what the engine keeps outside its layer', async () => {
    const resources = { ...small.resources, diskBytes: 4 * 1024 * 1024 }
    const lease = await rig.lease(600, { ...small, resources })
    const run = newRun()
    const script = 'dd if=/dev/zero of=/etc/hosts bs=1M count=6; sleep 60'
    const spec = runSpec(digest, ['sh', '-c', script])
    await rig.call(runCreate, { lease, run, spec, start: true, holdOutput: false })
    const state = await finished(lease, run)
    assert.equal((state as { reason?: string }).reason, 'out-of-disk')
    await rig.chainCall({ kind: 'close', terms: rig.termsOf(lease) })
  })

  test('feeds standard input, unpacks inputs, hands back archives and execs', async () => {
    const lease = await rig.lease(600)
    const run = newRun()
    const spec = runSpec(digest, ['sh', '-c', 'cat; cat /data/deep/in.txt; sleep 60'], {
      openStdin: true,
      inputs: [{ target: '/data/deep', blob: '0'.repeat(64) }],
    })
    await rig.call(runCreate, { lease, run, spec, start: false, holdOutput: true })
    await assert.rejects(
      rig.call(runStart, { lease, run }),
      (error) => error instanceof ArtelError && error.code === 'conflict',
    )
    const { encodeTarHeader, tarEnd, tarPadding } = await import('#core/tar-header')
    const tar = async function* (): AsyncGenerator<BodyPart> {
      const header = {
        name: 'in.txt',
        type: 'file',
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: 0,
        size: 3,
      } as const
      yield { kind: 'data', bytes: encodeTarHeader(header) }
      yield { kind: 'data', bytes: Buffer.from('abc') }
      yield { kind: 'data', bytes: tarPadding(3) }
      yield { kind: 'data', bytes: tarEnd }
    }
    await rig.call(runInput, { lease, run, target: '/data/deep' }, tar())
    await rig.call(runStart, { lease, run })
    const fed = await rig.call(runStdin, { lease, run, offset: 0 }, parts('hello ', 'there\n'))
    assert.equal(fed.result.acceptedBytes, 12)
    const exec = await rig.call(
      runExec,
      {
        lease,
        run,
        command: ['sh', '-c', 'echo hi; exit 3'],
        env: [],
        tty: false,
        openStdin: false,
      },
      parts(),
    )
    const control: unknown[] = []
    for await (const part of exec.body) if (part.kind === 'control') control.push(part.value)
    assert.deepEqual(control, [{ exitCode: 3 }])
    const archive = await rig.call(runGetArchive, { lease, run, path: '/data/deep/in.txt' })
    assert.ok((await dataOf(archive.body)).length >= 1024)
    await rig.call(runStop, { lease, run, graceSeconds: 0 })
    const { body } = await rig.call(runOutput, { lease, run, offset: 0, follow: true })
    assert.equal(await textOf(body), 'hello there\nabc')
    const tail = await rig.call(runOutput, { lease, run, offset: 0, follow: false, tailLines: 1 })
    assert.equal(await textOf(tail.body), 'abc')
    await rig.call(runRemove, { lease, run })
    await rig.chainCall({ kind: 'close', terms: rig.termsOf(lease) })
  })

  test('runs tasks on a warm worker and hands back what they left in /out', async () => {
    const lease = await rig.lease(600)
    const run = newRun()
    const made = await rig.call(workerCreate, { lease, run, spec: runSpec(digest, []) })
    assert.equal(made.result.shell, true)
    const task = async (command: readonly string[], more: object = {}, input?: string) => {
      const answer = await rig.call(
        taskRun,
        { lease, run, task: 't', command: [...command], timeoutSeconds: 30, ...more },
        input === undefined ? parts() : parts(input),
      )
      return { ...answer.result, out: await dataOf(answer.body) }
    }
    const first = await task(
      ['sh', '-c', 'tr a-z A-Z <"/in/my file" | tee /out/x; echo bad >&2; exit 4'],
      { inputName: 'my file', inputBytes: 3 },
      'abc',
    )
    assert.equal(first.exitCode, 4)
    assert.equal(first.stdout, 'ABC')
    assert.equal(first.stderr, 'bad\n')
    assert.ok(first.hasOutput && first.out.length > 0)
    const second = await task(['sh', '-c', 'ls /in /out'])
    assert.equal(second.stdout, '/in:\n\n/out:\n')
    assert.equal(second.hasOutput, false)
    const late = await task(['sleep', '50'], { timeoutSeconds: 0.5 })
    assert.equal(late.reason, 'timeout')
    const started = performance.now()
    for (let index = 0; index < 20; index += 1) await task(['true'])
    console.log(`${(20_000 / (performance.now() - started)).toFixed(1)} tasks/s`)
    const big = await task(['sh', '-c', 'yes | head -c 3000000'])
    assert.equal(big.stdout.length, 65536)
    const memory = await task(['sh', '-c', 'head -c 200000000 /dev/zero | tail'])
    assert.equal(memory.reason, 'out-of-memory')
    assert.equal((await task(['echo', 'alive'])).stdout, 'alive\n')
    await rig.chainCall({ kind: 'close', terms: rig.termsOf(lease) })
  })

  test('takes its containers up again after a restart', async () => {
    const lease = await rig.lease(600, { ...small, network: 'egress' })
    const run = newRun()
    const script = 'until [ -e /tmp/go ]; do sleep 0.1; done; echo late; exit 5'
    const spec = runSpec(digest, ['sh', '-c', script])
    await rig.call(runCreate, { lease, run, spec, start: true, holdOutput: false })
    await rig.restartHost()
    await rig.until(() => rig.host.view().problem === undefined, 'the host is ready')
    const { body } = await rig.call(runOutput, { lease, run, offset: 0, follow: true })
    const go = { command: ['touch', '/tmp/go'], env: [], tty: false, openStdin: false }
    await dataOf((await rig.call(runExec, { lease, run, ...go }, parts())).body)
    assert.equal(await textOf(body), 'late\n')
    assert.equal(((await finished(lease, run)) as { exitCode?: number }).exitCode, 5)
    await rig.chainCall({ kind: 'close', terms: rig.termsOf(lease) })
    await rig.until(
      async () => (await engine.networks(`com.artel.lease=${lease}`, rig.signal)).length === 0,
      'the network is gone',
    )
  })

  test('ends a lease whose deposit is used up, and everything in it', async () => {
    const lease = await rig.lease(4)
    const run = newRun()
    const spec = runSpec(digest, ['sleep', '1000'])
    await rig.call(runCreate, { lease, run, spec, start: true, holdOutput: false })
    const state = (await finished(lease, run)) as { reason?: string }
    assert.equal(state.reason, 'lease-ended')
  })
})
