import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryBlobs } from '#adapters/memory/blobs'
import { createVirtualClock } from '#adapters/memory/clock'
import { createMemoryLog } from '#adapters/memory/log'
import { createSeededRandom } from '#adapters/memory/random'
import { createMemoryRecords } from '#adapters/memory/records'
import { createSeededSigner } from '#adapters/memory/signer'
import { createMemorySpools } from '#adapters/memory/spools'
import { noResources } from '#core/resources'
import type { RunCreateInput } from '#protocol/api/runs'
import { codeOf, createRun, logText, makeWorld, never, untilExited } from './testing/world.ts'

const inMemory = (hostCount?: number) => {
  const random = createSeededRandom('tenant')
  const memory = {
    clock: createVirtualClock({ startMs: 1_700_000_000_000 }),
    random,
    signerOf: (name: string) => createSeededSigner(random.fork(name)),
    log: createMemoryLog(),
    records: createMemoryRecords(),
    spools: createMemorySpools(),
    blobs: createMemoryBlobs(),
  }
  return makeWorld(memory, hostCount)
}

test('a run is placed, paid, followed and settled with two transactions', async () => {
  const world = inMemory()
  const tenant = world.live()
  const run = await createRun(tenant, { name: 'first', restart: 'no' })
  assert.equal(run.status, 'placing')
  const done = await untilExited(world, tenant, 'first')
  assert.deepEqual([done.exit?.exitCode, done.epoch], [0, 1])
  assert.equal(await logText(tenant, 'first'), 'hello\n')
  await world.settled()
  assert.deepEqual(world.ledger.included, ['open', 'close'])
  assert.ok(tenant.runs.get('first').cost >= 1n)
  await tenant.stop()
  assert.equal(world.clock.waits() <= 1, true)
})

test('a lease whose open is undone is closed once it is there again', async () => {
  const world = inMemory()
  const tenant = world.live()
  const { name } = await createRun(tenant)
  await world.until('the lease is open', () => world.ledger.follower.leases().length === 1)
  const again = world.ledger.undo()
  await untilExited(world, tenant, name)
  await world.clock.advance(5000)
  again()
  await world.settled()
  assert.deepEqual(world.ledger.included, ['open', 'close'])
  assert.ok(tenant.runs.get(name).cost >= 1n)
  await tenant.stop()
})

test('the exit code of the program is the exit code of the run', async () => {
  const world = inMemory()
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: [], exitCode: 42 }
  const { name } = await createRun(tenant)
  assert.equal((await untilExited(world, tenant, name)).exit?.exitCode, 42)
  await tenant.stop()
})

test('a client of a further process hears that it runs, what it says, and its exit', async () => {
  const world = inMemory()
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: Array(60).fill('x'), exitCode: 0 }
  const { name } = await createRun(tenant)
  await world.until('the run runs', () => tenant.runs.get(name).status === 'running')
  const request = { command: ['sh', '-c'], env: [], tty: true, openStdin: false }
  const session = await tenant.runs.exec(name, request, never)
  const seen: string[] = []
  for await (const event of session.events) seen.push('stream' in event ? event.stream : event.type)
  assert.deepEqual(seen, ['started', 'stdout', 'exit'])
  await tenant.stop()
})

test('a run that follows another waits until its host has cleared up after it', async () => {
  for (const busy of [{ freeLeases: 0 }, { resources: noResources }]) {
    const world = inMemory(1)
    const tenant = world.live()
    const { name } = await createRun(tenant)
    await untilExited(world, tenant, name)
    await world.settled()
    for (const host of world.hosts) {
      const { offer } = host
      host.offer = () => ({ ...offer(), ...busy })
      void world.clock.sleep(2_000, never).then(() => {
        host.offer = offer
        world.tellOffers()
      })
    }
    world.tellOffers()
    let second: string | undefined
    const creating = createRun(tenant).then((run) => {
      second = run.name
    })
    await world.until('the second run is taken on', () => second !== undefined, 10_000)
    await creating
    await tenant.stop()
  }
})

test('an attached client sees everything from the beginning, then the exit', async () => {
  const world = inMemory()
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['one\n', 'two\n'], exitCode: 7 }
  const { name } = await createRun(tenant, { attached: true })
  const session = await tenant.runs.attach(name, never)
  const seen: string[] = []
  const reading = (async () => {
    for await (const event of session.events) {
      if ('stream' in event) seen.push(new TextDecoder().decode(event.bytes))
      else if (event.type === 'exit') seen.push(`exit ${event.exit.exitCode}`)
    }
  })()
  await untilExited(world, tenant, name)
  await reading
  assert.deepEqual(seen, ['one\n', 'two\n', 'exit 7'])
  await tenant.stop()
})

test('stop ends a running program and settles its lease', async () => {
  const world = inMemory()
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['a'] }
  const { name } = await createRun(tenant)
  await world.until('runs', () => tenant.runs.get(name).status === 'running')
  const stopping = tenant.runs.stop(name, 1, never)
  await untilExited(world, tenant, name)
  assert.equal((await stopping).exit?.exitCode, 143)
  await world.settled()
  await tenant.stop()
})

test('inputs are sent, outputs come home and can be read', async () => {
  const world = inMemory(1)
  const tenant = world.live()
  async function* source() {
    yield new TextEncoder().encode('tar')
  }
  const { id } = await tenant.blobs.put(source(), 1000, never)
  const { name } = await createRun(tenant, {
    inputs: [{ target: '/in', blob: id }],
    outputs: ['/out'],
  })
  const done = await untilExited(world, tenant, name)
  assert.equal(done.outputs[0]?.bytes, 'tar of /out'.length)
  assert.ok(world.hosts[0]?.calls.includes('run.input'))
  let text = ''
  for await (const bytes of tenant.runs.output(name, 0, never)) {
    text += new TextDecoder().decode(bytes)
  }
  assert.equal(text, 'tar of /out')
  await world.settled()
  await tenant.runs.remove(name, false, never)
  assert.equal(await codeOf((async () => tenant.runs.get(name))()), 'not-found')
  await tenant.stop()
})

test('requests that cannot be met are refused before anything is paid', async () => {
  const world = inMemory()
  const tenant = world.live()
  const refused = (change: Partial<RunCreateInput>) => codeOf(createRun(tenant, change))
  assert.equal(await refused({ resources: { memoryBytes: 64 * 1024 ** 3 } }), 'no-match')
  assert.equal(await refused({ wishes: { rateMax: '1' } }), 'price')
  assert.equal(await refused({ wishes: { regions: ['moon'] } }), 'no-match')
  assert.equal(await refused({ image: 'debian' }), 'unavailable')
  assert.equal(await refused({ image: 'UPPER' }), 'bad-request')
  await createRun(tenant, { name: 'taken' })
  assert.equal(await refused({ name: 'taken' }), 'conflict')
  world.ledger.gasWei = 0n
  assert.equal(await refused({}), 'gas')
  world.ledger.act(world.account, {
    kind: 'withdraw',
    to: world.account,
    amount: world.ledger.balance(world.account),
  })
  assert.equal(await refused({}), 'balance')
  await tenant.stop()
})

test('standard input reaches the program, and its end too', async () => {
  const world = inMemory(1)
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['a', 'b'], exitCode: 0 }
  const { name, id } = await createRun(tenant, { openStdin: true, attached: true })
  const session = await tenant.runs.attach(name, never)
  const reading = (async () => {
    for await (const _ of session.events) {
      // read to the end
    }
  })()
  await session.write(new TextEncoder().encode('hello'), never)
  await session.endInput()
  await untilExited(world, tenant, name)
  await reading
  const made = world.hosts[0]?.runs.get(id)
  assert.deepEqual([made?.stdin, made?.stdinClosed], [5, true])
  await tenant.stop()
})

test('logs can be cut to the last lines', async () => {
  const world = inMemory(1)
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['1\n2\n', '3\n4\n', '5'], exitCode: 0 }
  const { name } = await createRun(tenant)
  await untilExited(world, tenant, name)
  assert.equal(await logText(tenant, name, { tailLines: 3 }), '3\n4\n5')
  assert.equal(await logText(tenant, name, { tailLines: 0 }), '')
  await tenant.stop()
})
