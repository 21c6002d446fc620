import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runnerScript, taskScript } from '../../host/task-script.ts'
import { createVirtualClock } from './clock.ts'
import { createMemoryEngine, type MemoryEngine } from './engine.ts'
import { memoryImage } from './engine-images.ts'
import { shellWords } from './engine-words.ts'
import { createMemoryVolumes } from './volumes.ts'

const signal = AbortSignal.timeout(20_000)
const mebibyte = 1024 * 1024

const begin = () => {
  const clock = createVirtualClock({ startMs: 1_700_000_000_000 })
  const volumes = createMemoryVolumes()
  const engine = createMemoryEngine({ clock, volumes, images: [memoryImage('image:1')] })
  return { clock, volumes, engine }
}

const create = (
  engine: MemoryEngine,
  command: readonly string[],
  more: { openStdin?: boolean; source?: string } = {},
): Promise<string> =>
  engine.create(
    {
      name: command.join(' ').slice(0, 20),
      labels: {},
      image: 'image:1',
      command,
      env: [],
      tty: false,
      openStdin: more.openStdin ?? false,
      cpuMilli: 2000,
      memoryBytes: 64 * mebibyte,
      pidsMax: 10,
      shmBytes: 0,
      filesMax: 10,
      capabilities: [],
      readonlyRootfs: false,
      network: 'none',
      mounts:
        more.source === undefined
          ? []
          : ['in', 'out', '.artel'].map((target) => ({
              source: `${more.source}/${target.replace('.artel', 'control')}`,
              target: `/${target}`,
              readonly: target === 'in',
            })),
      tmpfs: [],
      gpuIds: [],
      dns: [],
    },
    signal,
  )

test('a process takes the time of the clock and no other', async () => {
  const { clock, engine } = begin()
  const id = await create(engine, ['sleep', '3600'])
  await engine.start(id, signal)
  const startedMs = clock.nowMs()
  const waiting = engine.wait(id, signal)
  await clock.advance(3_599_000)
  assert.equal((await engine.inspect(id, signal))?.state.status, 'running')
  assert.equal((await engine.stats(id, signal)).cpuNs, 3_599_000 * 2 * 1_000_000)
  await clock.advance(1000)
  assert.equal((await waiting).finishedAtMs, startedMs + 3_600_000)
})

test('a frozen process does not end before the thaw', async () => {
  const { clock, engine } = begin()
  const id = await create(engine, ['sleep', '10'])
  await engine.start(id, signal)
  await clock.advance(5000)
  await engine.pause(id, signal)
  await clock.advance(20_000)
  assert.equal((await engine.inspect(id, signal))?.state.status, 'paused')
  await engine.resume(id, signal)
  await clock.idle()
  assert.equal((await engine.wait(id, signal)).exitCode, 0)
})

test('a power cut ends every process, and a lost disk forgets everything', async () => {
  const { clock, engine } = begin()
  const id = await create(engine, ['sleep', '10'])
  await engine.start(id, signal)
  engine.crash()
  assert.equal((await engine.wait(id, signal)).exitCode, 137)
  await clock.idle()
  assert.equal(clock.waits(), 0)
  await engine.start(id, signal)
  await clock.advance(10_000)
  assert.equal((await engine.wait(id, signal)).exitCode, 0)
  engine.loseEverything()
  assert.equal(await engine.inspect(id, signal), undefined)
  assert.deepEqual(await engine.images(signal), [])
})

test('a process without memory is killed for it', async () => {
  const { engine } = begin()
  const id = await create(engine, ['sh', '-c', 'echo begun; exhaust-memory; echo never'])
  await engine.start(id, signal)
  const exit = await engine.wait(id, signal)
  assert.equal(exit.exitCode, 137)
  assert.equal(exit.oomKilled, true)
})

test('words are cut as a shell cuts them', () => {
  const env = { A: 'x y' }
  assert.deepEqual(shellWords(`exec 'it'\\''s' "$A" \${A}; echo a&&b >&2`, env), [
    'exec',
    "it's",
    'x y',
    'x y',
    ';',
    'echo',
    'a',
    '&&',
    'b',
    '>&2',
  ])
})

test('the warm container of a host runs its tasks one after the other, and a killed one ends', async () => {
  const { clock, volumes, engine } = begin()
  const volume = await volumes.create('work', mebibyte, signal)
  for (const part of ['in', 'out', 'control']) await volumes.makeDirectory(volume, part, 0o777)
  const more = { openStdin: true, source: volume.path }
  const id = await create(engine, ['sh', '-c', runnerScript], more)
  const session = await engine.attach(id, true, signal)
  await engine.start(id, signal)
  const output = session.output[Symbol.asyncIterator]()
  const task = async (number: number, command: readonly string[]): Promise<void> => {
    const script = new TextEncoder().encode(taskScript(command))
    await volumes.writeFile(volume, 'control/task.sh', script, 0o644)
    await session.write(new TextEncoder().encode(`${number}\n`), signal)
  }
  const line = async (): Promise<string> =>
    new TextDecoder().decode((await output.next()).value?.bytes)
  const stdout = async (): Promise<string> =>
    new TextDecoder().decode(await volumes.readFile(volume, 'control/stdout', 1000))

  await volumes.writeFile(volume, 'in/text', new TextEncoder().encode('given'), 0o644)
  await task(1, ['cat', '/in/text'])
  assert.equal(await line(), '1 0 0\n')
  assert.equal(await stdout(), 'given')

  await task(2, ['sleep', '1000'])
  await clock.idle()
  const spec = { command: ['sh', '-c', 'kill -9 -1'], env: [], tty: false, openStdin: false }
  const exec = await engine.exec(id, spec, signal)
  assert.equal(await exec.exitCode(signal), 0)
  assert.equal(await line(), '2 137 0\n')
  await clock.idle()
  assert.equal(clock.waits(), 0)

  await task(3, ['exhaust-memory'])
  assert.equal(await line(), '3 137 1\n')
  await session.endInput()
  assert.equal((await engine.wait(id, signal)).exitCode, 0)
})
