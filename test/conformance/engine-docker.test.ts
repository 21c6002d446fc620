import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createDockerEngine, type DockerEngine } from '#adapters/engine-docker/engine'
import { ArtelError } from '#core/errors'
import type { ContainerSpec } from '#ports/engine'
import { busyboxReference } from '../../scripts/engine/busybox-image.ts'
import { containerSpec } from './container-spec.ts'
import { openDocker } from './open-docker.ts'

const mebibyte = 1024 * 1024

describe('containers of a real engine', { timeout: 120_000 }, () => {
  const signal = AbortSignal.timeout(120_000)
  const made: string[] = []
  let engine: DockerEngine
  let serial = 0

  before(async () => {
    engine = await openDocker()
    for (const old of await engine.list('artel.real', signal)) await engine.remove(old.id, signal)
  })
  after(async () => {
    for (const id of made) await engine.remove(id, signal)
    engine.close()
  })

  const create = async (
    command: readonly string[],
    more: Partial<ContainerSpec> = {},
  ): Promise<string> => {
    serial += 1
    const own = { name: `artel-real-${serial}`, labels: { 'artel.real': '' } }
    const spec = containerSpec({ ...own, image: busyboxReference, command, ...more })
    const id = await engine.create(spec, signal)
    made.push(id)
    return id
  }
  const said = async (script: string, more: Partial<ContainerSpec> = {}): Promise<string> => {
    const id = await create(['sh', '-c', script], more)
    const session = await engine.attach(id, false, signal)
    await engine.start(id, signal)
    let text = ''
    for await (const { bytes } of session.output) text += Buffer.from(bytes).toString()
    return text.trim()
  }

  test('keep no output back from a reader that comes after they have ended', async () => {
    const sizes = [1_000, 1_300_000, 1_350_000, 1_400_000]
    const runs = sizes.map(async (size) => {
      const id = await create(['head', '-c', String(size), '/dev/zero'], { cpuMilli: 1000 })
      const session = await engine.attach(id, false, signal)
      await engine.start(id, signal)
      await engine.wait(id, signal)
      let bytes = 0
      for await (const chunk of session.output) bytes += chunk.bytes.length
      return bytes
    })
    assert.deepEqual(await Promise.all(runs), sizes)
  })

  test('give 100 MB to a slow reader whole and without growing this process', async () => {
    const size = 100 * mebibyte
    const id = await create(['head', '-c', String(size), '/dev/zero'], { cpuMilli: 1000 })
    const session = await engine.attach(id, false, signal)
    await engine.start(id, signal)
    const before = process.memoryUsage().rss
    let bytes = 0
    let grown = 0
    for await (const chunk of session.output) {
      const restsNow = Math.floor((bytes + chunk.bytes.length) / mebibyte) % 25 === 0
      bytes += chunk.bytes.length
      if (restsNow) await new Promise((resolve) => setTimeout(resolve, 20))
      grown = Math.max(grown, process.memoryUsage().rss - before)
    }
    assert.equal(bytes, size)
    assert.ok(grown < 64 * mebibyte, `grew by ${grown} bytes`)
    assert.equal((await engine.wait(id, signal)).exitCode, 0)
  })

  test('slow a writer of input down instead of buffering it', async () => {
    const id = await create(['sleep', '1000'], { openStdin: true })
    const session = await engine.attach(id, true, signal)
    await engine.start(id, signal)
    const giveUp = AbortSignal.timeout(1500)
    const block = new Uint8Array(256 * 1024)
    let written = 0
    await assert.rejects(async () => {
      for (;;) {
        await session.write(block, giveUp)
        written += block.length
      }
    }, giveUp.reason)
    assert.ok(written < 8 * mebibyte, `took ${written} bytes that nobody reads`)
    session.close()
  })

  test('have no capability, no new privilege and the default seccomp filter', async () => {
    const status = await said('cat /proc/self/status')
    assert.match(status, /^CapEff:\s+0{16}$/m)
    assert.match(status, /^CapBnd:\s+0{16}$/m)
    assert.match(status, /^NoNewPrivs:\s+1$/m)
    assert.match(status, /^Seccomp:\s+2$/m)
    const kept = await said('grep CapBnd: /proc/self/status', { capabilities: ['CHOWN'] })
    assert.match(kept, /0000000000000001$/)
  })

  test('get the limits, mounts and temporary directories that they were given and no others', async () => {
    const limits = await said('ulimit -n; df -m /scratch | tail -1; touch /x 2>&1; id -u', {
      filesMax: 321,
      readonlyRootfs: true,
      tmpfs: [{ target: '/scratch', sizeBytes: 3 * mebibyte }],
      user: '65534',
    })
    const [files, scratch, touch, user] = limits.split('\n')
    assert.equal(files, '321')
    assert.match(scratch ?? '', /^tmpfs\s+3\s/)
    assert.match(touch ?? '', /Read-only file system/)
    assert.equal(user, '65534')
  })

  test('say when the kernel killed them for their memory', async () => {
    const script = 'x=a; while true; do x=$x$x; done'
    const id = await create(['sh', '-c', script], { memoryBytes: 16 * mebibyte })
    await engine.start(id, signal)
    const exit = await engine.wait(id, signal)
    assert.equal(exit.exitCode, 137)
    assert.equal(exit.oomKilled, true)
  })

  test('cannot be started from what is not executable', async () => {
    for (const path of ['/etc/passwd', '/etc']) {
      const id = await create([path])
      await assert.rejects(engine.start(id, signal), (error) => {
        assert.ok(error instanceof ArtelError)
        assert.equal(error.code, 'not-executable')
        return true
      })
    }
  })

  test('are unavailable, with a hint, where no engine answers', async () => {
    const absent = createDockerEngine({ socketPath: '/nonexistent/docker.sock' })
    await assert.rejects(absent.info(signal), (error) => {
      assert.ok(error instanceof ArtelError)
      assert.equal(error.code, 'unavailable')
      assert.match(error.hint ?? '', /start Docker/)
      return true
    })
  })

  test('stay, when the connection to their engine is closed', async () => {
    const other = await openDocker()
    const id = await create(['sleep', '1000'])
    await engine.start(id, signal)
    const session = await other.attach(id, false, signal)
    const waiting = assert.rejects(other.wait(id, signal), ArtelError)
    const reading = assert.rejects(async () => {
      for await (const chunk of session.output) assert.fail(`said ${chunk.bytes.length} bytes`)
    })
    other.close()
    await Promise.all([waiting, reading])
    await assert.rejects(other.info(signal), ArtelError)
    assert.equal((await engine.inspect(id, signal))?.state.status, 'running')
  })
})
