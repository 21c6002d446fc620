import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ArtelError, type ErrorCode } from '#core/errors'
import type { ContainerSpec, Engine, EngineSession } from '#ports/engine'
import { containerSpec } from './container-spec.ts'

export type EngineUnderTest = {
  readonly engine: Engine
  /** An image with true, sleep, echo, cat, head and sh. */
  readonly image: string
  readonly close: () => Promise<void>
}

const label = 'artel.conformance'
const testMs = 60_000
const mebibyte = 1024 * 1024

const isCode =
  (code: ErrorCode) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof ArtelError, String(error))
    assert.equal(error.code, code, error.message)
    return true
  }

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** Everything that a session says, per stream. */
const readAll = async (session: EngineSession): Promise<{ stdout: string; stderr: string }> => {
  const said = { stdout: '', stderr: '' }
  for await (const { stream, bytes } of session.output) said[stream] += text(bytes)
  return said
}

/** What every engine adapter must do. */
export const engineSuite = (name: string, open: () => Promise<EngineUnderTest>): void => {
  describe(`${name} engine`, { timeout: testMs * 4 }, () => {
    let subject: EngineUnderTest
    let engine: Engine
    let serial = 0
    const signal = AbortSignal.timeout(testMs * 4)
    const made: string[] = []

    before(async () => {
      subject = await open()
      engine = subject.engine
      for (const old of await engine.list(label, signal)) await engine.remove(old.id, signal)
    })
    after(async () => {
      for (const id of made) await engine.remove(id, signal)
      await subject.close()
    })

    const specOf = (
      command: readonly string[],
      more: Partial<ContainerSpec> = {},
    ): ContainerSpec => {
      serial += 1
      const own = { name: `artel-conformance-${serial}`, labels: { [label]: String(serial) } }
      return containerSpec({ ...own, image: subject.image, command, ...more })
    }
    const create = async (
      command: readonly string[],
      more: Partial<ContainerSpec> = {},
    ): Promise<string> => {
      const id = await engine.create(specOf(command, more), signal)
      made.push(id)
      return id
    }
    const started = async (
      command: readonly string[],
      more: Partial<ContainerSpec> = {},
    ): Promise<string> => {
      const id = await create(command, more)
      await engine.start(id, signal)
      return id
    }

    test('says what it is', async () => {
      const info = await engine.info(signal)
      assert.ok(info.cpus > 0 && info.memoryBytes > 0)
      assert.equal(info.os, 'linux')
    })

    test('describes an image that it holds and knows no other', async () => {
      const image = await engine.image(subject.image, signal)
      assert.match(image?.id ?? '', /^sha256:[0-9a-f]{64}$/)
      assert.ok(image?.tags.includes(subject.image))
      assert.equal(await engine.image('artel-test/absent:1', signal), undefined)
      assert.ok((await engine.images(signal)).some(({ id }) => id === image?.id))
    })

    test('loads what it saved under the same id', async () => {
      const image = await engine.image(subject.image, signal)
      const saved: Uint8Array[] = []
      for await (const chunk of engine.save(subject.image, signal)) saved.push(chunk)
      async function* again(): AsyncGenerator<Uint8Array> {
        yield* saved
      }
      assert.deepEqual(await engine.load(again(), signal), [image?.id])
    })

    test('refuses to load what is no image', async () => {
      async function* nothing(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(1024)
      }
      await assert.rejects(engine.load(nothing(), signal), ArtelError)
    })

    test('removes an image that is not there without complaint', async () => {
      await engine.removeImage('artel-test/absent:1', signal)
    })

    test('passes on all output and the exit code of a process', async () => {
      const id = await create(['sh', '-c', 'echo out; echo err >&2; exit 3'])
      const session = await engine.attach(id, false, signal)
      await engine.start(id, signal)
      assert.deepEqual(await readAll(session), { stdout: 'out\n', stderr: 'err\n' })
      const exit = await engine.wait(id, signal)
      assert.equal(exit.exitCode, 3)
      assert.equal(exit.oomKilled, false)
    })

    test('says the exit of a container that has ended already, and of one not yet started', async () => {
      const id = await create(['true'])
      const early = engine.wait(id, signal)
      await engine.start(id, signal)
      assert.equal((await early).exitCode, 0)
      assert.equal((await engine.wait(id, signal)).exitCode, 0)
    })

    test('refuses to start a command that is not there, and keeps the reason', async () => {
      const id = await create(['no-such-command'])
      await assert.rejects(engine.start(id, signal), isCode('command-not-found'))
      const state = (await engine.inspect(id, signal))?.state
      assert.ok(state?.status === 'exited')
      assert.equal(state.exitCode, 127)
      assert.match(state.error ?? '', /no-such-command/)
    })

    test('refuses an image that is not there and a name that is taken', async () => {
      const absent = specOf(['true'], { image: 'artel-test/absent:1' })
      await assert.rejects(engine.create(absent, signal), isCode('image-not-found'))
      const spec = specOf(['true'])
      made.push(await engine.create(spec, signal))
      await assert.rejects(engine.create(spec, signal), isCode('conflict'))
    })

    test('brings input to the process and its end, and output back', async () => {
      const id = await create(['cat'], { openStdin: true })
      const session = await engine.attach(id, true, signal)
      await engine.start(id, signal)
      await session.write(new TextEncoder().encode('one '), signal)
      await session.write(new TextEncoder().encode('two'), signal)
      await session.endInput()
      assert.equal((await readAll(session)).stdout, 'one two')
      assert.equal((await engine.wait(id, signal)).exitCode, 0)
    })

    test('drops a connection without ending the process', async () => {
      const id = await create(['sleep', '1000'])
      const session = await engine.attach(id, false, signal)
      await engine.start(id, signal)
      session.close()
      assert.deepEqual(await readAll(session), { stdout: '', stderr: '' })
      assert.equal((await engine.inspect(id, signal))?.state.status, 'running')
      await engine.kill(id, 'SIGKILL', signal)
    })

    test('kills, stops and removes, also what has ended or is gone', async () => {
      const id = await started(['sleep', '1000'])
      await engine.kill(id, 'SIGKILL', signal)
      assert.equal((await engine.wait(id, signal)).exitCode, 137)
      await engine.kill(id, 'SIGKILL', signal)
      await engine.stop(id, 1, signal)
      await engine.remove(id, signal)
      assert.equal(await engine.inspect(id, signal), undefined)
      await engine.remove(id, signal)
      await engine.stop(id, 1, signal)
      await engine.kill(id, 'SIGTERM', signal)
      await assert.rejects(engine.wait(id, signal), isCode('not-found'))
      await assert.rejects(engine.start(id, signal), isCode('not-found'))
    })

    test('stops a process within its grace', async () => {
      const id = await started(['sleep', '1000'])
      await engine.stop(id, 0, signal)
      assert.ok([137, 143].includes((await engine.wait(id, signal)).exitCode))
    })

    test('removes a container that runs', async () => {
      const id = await started(['sleep', '1000'])
      await engine.remove(id, signal)
      assert.equal(await engine.inspect(id, signal), undefined)
    })

    test('freezes and thaws', async () => {
      const id = await started(['sleep', '1000'])
      await engine.pause(id, signal)
      assert.equal((await engine.inspect(id, signal))?.state.status, 'paused')
      await engine.resume(id, signal)
      assert.equal((await engine.inspect(id, signal))?.state.status, 'running')
      await engine.pause(id, signal)
      await engine.stop(id, 0, signal)
      assert.ok([137, 143].includes((await engine.wait(id, signal)).exitCode))
    })

    test('lists by label, in any state', async () => {
      const marked = { [label]: 'marked', other: 'x' }
      const id = await create(['true'], { labels: marked })
      await create(['true'])
      const listed = await engine.list(`${label}=marked`, signal)
      assert.deepEqual(
        listed.map((one) => one.id),
        [id],
      )
      assert.equal(listed[0]?.labels.other, 'x')
      assert.equal(listed[0]?.state.status, 'created')
      assert.ok((await engine.list(label, signal)).length > 1)
    })

    test('runs another command inside with its own input, output and exit code', async () => {
      const id = await started(['sleep', '1000'])
      const plain = { env: ['GREETING=hello'], tty: false }
      const command = ['sh', '-c', 'echo $GREETING; exit 4']
      const one = await engine.exec(id, { ...plain, command, openStdin: false }, signal)
      assert.equal((await readAll(one.session)).stdout, 'hello\n')
      assert.equal(await one.exitCode(signal), 4)
      const two = await engine.exec(id, { ...plain, command: ['cat'], openStdin: true }, signal)
      await two.session.write(new TextEncoder().encode('in'), signal)
      await two.session.endInput()
      assert.equal((await readAll(two.session)).stdout, 'in')
      assert.equal(await two.exitCode(signal), 0)
      await engine.kill(id, 'SIGKILL', signal)
    })

    test('gives a terminal one stream and a size', async () => {
      const id = await create(['sh', '-c', 'echo a; echo b >&2; sleep 1000'], { tty: true })
      const session = await engine.attach(id, false, signal)
      await engine.start(id, signal)
      await engine.resize(id, 100, 30, signal)
      let said = ''
      for await (const { stream, bytes } of session.output) {
        assert.equal(stream, 'stdout')
        said += text(bytes)
        if (said.includes('b')) break
      }
      assert.match(said, /a\r?\nb/)
      await engine.kill(id, 'SIGKILL', signal)
    })

    test('measures what runs', async () => {
      const id = await started(['sleep', '1000'])
      const stats = await engine.stats(id, signal)
      assert.ok(stats.pids >= 1)
      assert.equal(stats.memoryMaxBytes, 64 * mebibyte)
      assert.ok((await engine.layerBytes(id, signal)) >= 0)
      await engine.kill(id, 'SIGKILL', signal)
    })

    test('gives a wait up with the reason of its signal', async () => {
      const id = await started(['sleep', '1000'])
      const giveUp = new AbortController()
      const waiting = engine.wait(id, giveUp.signal)
      const reason = new ArtelError('cancelled', 'enough')
      giveUp.abort(reason)
      await assert.rejects(waiting, reason)
      await assert.rejects(engine.inspect(id, giveUp.signal), reason)
      await engine.kill(id, 'SIGKILL', signal)
    })

    test('makes, lists and removes networks', async () => {
      const network = {
        name: 'artel-conformance',
        labels: { [label]: 'network' },
        subnet: '10.253.7.0/28',
        bridge: 'artelconf0',
      }
      await engine.removeNetwork(network.name, signal)
      await engine.createNetwork(network, signal)
      await assert.rejects(engine.createNetwork(network, signal), isCode('conflict'))
      const { labels, ...seen } = network
      assert.deepEqual(await engine.networks(`${label}=${labels[label]}`, signal), [seen])
      await engine.removeNetwork(network.name, signal)
      await engine.removeNetwork(network.name, signal)
      assert.deepEqual(await engine.networks(`${label}=${labels[label]}`, signal), [])
    })

    test('takes files in and gives them out as a tar', async () => {
      const id = await create(['true'])
      const source = engine.getArchive(id, '/etc/group', signal)
      await engine.putArchive(id, '/tmp', source, signal)
      const chunks: Uint8Array[] = []
      for await (const chunk of engine.getArchive(id, '/tmp/group', signal)) chunks.push(chunk)
      assert.match(text(Buffer.concat(chunks)), /^group.*root:x:0:/s)
      const absent = engine.getArchive(id, '/no/such/file', signal)
      await assert.rejects(absent[Symbol.asyncIterator]().next(), isCode('not-found'))
    })
  })
}
