import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryBlobs } from '#adapters/memory/blobs'
import { createVirtualClock } from '#adapters/memory/clock'
import { createMemoryLog } from '#adapters/memory/log'
import { createSeededRandom } from '#adapters/memory/random'
import { createMemoryRecords, type MemoryRecords } from '#adapters/memory/records'
import { createSeededSigner } from '#adapters/memory/signer'
import { createMemorySpools } from '#adapters/memory/spools'
import { ArtelError } from '#core/errors'
import type { Address } from '#core/ids'
import type { ChainInfo } from '#ports/chain'
import { type RunCreateInput, type RunView, runCreateSchema } from '#protocol/api/runs'
import { createTenant } from './tenant.ts'
import { createFakeCaller, createFakeHost } from './testing/fake-host.ts'
import { createFakeLedger } from './testing/fake-ledger.ts'

const info: ChainInfo = {
  chainId: 31337,
  leases: `0x${'1'.repeat(40)}` as Address,
  hosts: `0x${'2'.repeat(40)}` as Address,
  token: `0x${'3'.repeat(40)}` as Address,
  tokenInfo: { symbol: 'ART', decimals: 6 },
}

const image = `debian@sha256:${'a'.repeat(64)}`
const never = new AbortController().signal

const makeWorld = (hostCount = 2) => {
  const clock = createVirtualClock({ startMs: 1_700_000_000_000 })
  const random = createSeededRandom('tenant')
  const signer = createSeededSigner(random.fork('tenant'))
  const ledger = createFakeLedger(clock, info, signer.address)
  ledger.fund(signer.address, 1_000_000_000n)
  const hosts = Array.from({ length: hostCount }, (_, index) =>
    createFakeHost(clock, info, createSeededSigner(random.fork(`host ${index}`))),
  )
  const log = createMemoryLog()
  const records = createMemoryRecords()
  const spools = createMemorySpools()
  const blobs = createMemoryBlobs()
  const offers = { all: () => hosts.map((host) => host.offer()), onChange: () => () => undefined }
  const live = (given: MemoryRecords = records) =>
    createTenant({
      clock,
      random,
      log,
      records: given,
      blobs,
      spools,
      signer,
      chain: ledger.chain,
      outbox: ledger.outbox,
      follower: ledger.follower,
      caller: createFakeCaller(hosts),
      offers,
      refreshMarket: async () => undefined,
    })
  return { clock, ledger, hosts, log, records, live, signer }
}

type World = ReturnType<typeof makeWorld>
type Tenant = ReturnType<World['live']>

const request = (change: Partial<RunCreateInput> = {}) =>
  runCreateSchema.parse({ image, command: ['true'], ...change })

const create = async (tenant: Tenant, change: Partial<RunCreateInput> = {}): Promise<RunView> =>
  tenant.runs.create(request(change), never)

const waitFor = async (world: World, what: string, holds: () => boolean, limitMs = 600_000) => {
  const met = await world.clock.runUntil(holds, world.clock.nowMs() + limitMs)
  if (!met) {
    for (const { level, message, fields } of world.log.lines().slice(-20)) {
      console.error(level, message, fields)
    }
  }
  assert.ok(met, what)
}

const exited = async (world: World, tenant: Tenant, name: string): Promise<RunView> => {
  await waitFor(world, `run ${name} ends`, () => tenant.runs.get(name).status === 'exited')
  return tenant.runs.get(name)
}

const settled = (world: World) =>
  waitFor(world, 'all leases settled', () =>
    world.ledger.follower.leases().every(({ status }) => status === 'settled'),
  )

const logText = async (world: World, tenant: Tenant, name: string, query = {}): Promise<string> => {
  let text = ''
  const reading = (async () => {
    for await (const frame of tenant.runs.logs(name, { follow: false, ...query }, never)) {
      text += new TextDecoder().decode(frame.bytes)
    }
  })()
  await world.clock.idle()
  await reading
  return text
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
  } catch (error) {
    assert.ok(error instanceof ArtelError, String(error))
    return error.code
  }
  return 'none'
}

test('a run is placed, paid, followed and settled with two transactions', async () => {
  const world = makeWorld()
  const tenant = world.live()
  const run = await create(tenant, { name: 'first', restart: 'no' })
  assert.equal(run.status, 'placing')
  const done = await exited(world, tenant, 'first')
  assert.deepEqual([done.exit?.exitCode, done.epoch], [0, 1])
  assert.equal(await logText(world, tenant, 'first'), 'hello\n')
  await settled(world)
  assert.deepEqual(world.ledger.included, ['open', 'close'])
  assert.ok(tenant.runs.get('first').cost >= 1n)
  await tenant.stop()
  assert.equal(world.clock.waits() <= 1, true)
})

test('the exit code of the program is the exit code of the run', async () => {
  const world = makeWorld()
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: [], exitCode: 42 }
  const { name } = await create(tenant)
  assert.equal((await exited(world, tenant, name)).exit?.exitCode, 42)
  await tenant.stop()
})

test('a host that disappears is replaced with the next epoch, and the run starts again', async () => {
  const world = makeWorld()
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['a', 'b', 'c', 'd', 'e'], exitCode: 0 }
  const { name } = await create(tenant)
  await waitFor(world, 'runs', () => tenant.runs.get(name).status === 'running')
  const first = tenant.runs.get(name).host
  const notices: string[] = []
  const session = await tenant.runs.attach(name, never)
  const attached = (async () => {
    for await (const event of session.events) {
      if ('type' in event && event.type === 'notice') notices.push(event.message)
    }
  })()
  world.hosts.find(({ signer }) => signer.address === first?.address)?.cut()
  const done = await exited(world, tenant, name)
  await attached
  assert.equal(done.exit?.exitCode, 0)
  assert.equal(done.epoch, 2)
  assert.notEqual(done.host?.address, first?.address)
  assert.match(notices.join('\n'), /host 0x[0-9a-f]{40} lost/)
  await settled(world)
  const epochs = world.ledger.follower.leases().map(({ terms }) => terms.epoch)
  assert.deepEqual(epochs.toSorted(), [1, 2])
  await tenant.stop()
})

test('restart no ends a run whose host is lost with 125', async () => {
  const world = makeWorld()
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['a', 'b', 'c'] }
  const { name } = await create(tenant, { restart: 'no' })
  await waitFor(world, 'runs', () => tenant.runs.get(name).status === 'running')
  for (const host of world.hosts) host.cut()
  const done = await exited(world, tenant, name)
  assert.deepEqual([done.exit?.exitCode, done.exit?.reason], [125, 'host-lost'])
  await settled(world)
  await tenant.stop()
})

test('an attached client sees everything from the beginning, then the exit', async () => {
  const world = makeWorld()
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['one\n', 'two\n'], exitCode: 7 }
  const { name } = await create(tenant, { attached: true })
  const session = await tenant.runs.attach(name, never)
  const seen: string[] = []
  const reading = (async () => {
    for await (const event of session.events) {
      if ('stream' in event) seen.push(new TextDecoder().decode(event.bytes))
      else if (event.type === 'exit') seen.push(`exit ${event.exit.exitCode}`)
    }
  })()
  await exited(world, tenant, name)
  await reading
  assert.deepEqual(seen, ['one\n', 'two\n', 'exit 7'])
  await tenant.stop()
})

test('a node that stops and starts again pays nothing twice and loses no output', async () => {
  const world = makeWorld()
  const first = world.live()
  for (const host of world.hosts) host.script = { says: ['a\n', 'b\n', 'c\n', 'd\n'], exitCode: 0 }
  const { name } = await create(first)
  await waitFor(world, 'runs', () => first.runs.get(name).status === 'running')
  await world.clock.advance(1500)
  await first.stop()
  await world.clock.advance(5000)
  const second = world.live()
  await second.start(never)
  const done = await exited(world, second, name)
  assert.equal(done.exit?.exitCode, 0)
  assert.equal(await logText(world, second, name), 'a\nb\nc\nd\n')
  await settled(world)
  assert.deepEqual(world.ledger.included, ['open', 'close'])
  await second.stop()
})

test('a crash between the journal and the chain opens exactly one lease', async () => {
  const world = makeWorld()
  const first = world.live()
  const { name } = await create(first)
  await world.clock.advance(50)
  assert.equal(world.ledger.included.length, 0)
  await first.stop()
  const second = world.live()
  await second.start(never)
  await exited(world, second, name)
  await settled(world)
  assert.deepEqual(world.ledger.included, ['open', 'close'])
  await second.stop()
})

test('a kept lease serves the next run that fits it without any transaction', async () => {
  const world = makeWorld()
  const tenant = world.live()
  const one = await create(tenant, { keepSeconds: 60 })
  await exited(world, tenant, one.name)
  await world.clock.advance(1000)
  assert.deepEqual(world.ledger.included, ['open'])
  const two = await create(tenant, { keepSeconds: 0 })
  const done = await exited(world, tenant, two.name)
  assert.equal(done.exit?.exitCode, 0)
  await settled(world)
  assert.deepEqual(world.ledger.included, ['open', 'close'])
  const costs = [tenant.runs.get(one.name).cost, tenant.runs.get(two.name).cost]
  const paid = 1_000_000_000n - world.ledger.balance(world.signer.address)
  assert.equal((costs[0] ?? 0n) + (costs[1] ?? 0n), paid)
  await tenant.stop()
})

test('a run that needs more than the kept lease promises opens its own', async () => {
  const world = makeWorld()
  const tenant = world.live()
  const one = await create(tenant, { keepSeconds: 60 })
  await exited(world, tenant, one.name)
  await world.clock.advance(1000)
  const two = await create(tenant, { resources: { memoryBytes: 2 * 1024 ** 3 } })
  await exited(world, tenant, two.name)
  assert.equal(world.ledger.included.filter((verb) => verb === 'open').length, 2)
  await tenant.stop()
})

test('stop ends a running program and settles its lease', async () => {
  const world = makeWorld()
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['a'] }
  const { name } = await create(tenant)
  await waitFor(world, 'runs', () => tenant.runs.get(name).status === 'running')
  const stopping = tenant.runs.stop(name, 1, never)
  await exited(world, tenant, name)
  assert.equal((await stopping).exit?.exitCode, 143)
  await settled(world)
  await tenant.stop()
})

test('a long run sends receipts and tops its deposit up', async () => {
  const world = makeWorld(1)
  const tenant = world.live()
  const [host] = world.hosts
  assert.ok(host !== undefined)
  host.script = { says: ['a'] }
  const { name } = await create(tenant)
  await world.clock.advance(2 * 3_600_000)
  assert.equal(tenant.runs.get(name).status, 'running')
  assert.ok(host.receipts.length > 100)
  assert.ok(world.ledger.included.includes('topUp'))
  await tenant.stop()
})

test('a run whose balance is used up ends with lease-ended', async () => {
  const world = makeWorld(1)
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['a'] }
  world.ledger.act(world.signer.address, {
    kind: 'withdraw',
    to: world.signer.address,
    amount: world.ledger.balance(world.signer.address),
  })
  world.ledger.fund(world.signer.address, 100n)
  const { name } = await create(tenant)
  const done = await exited(world, tenant, name)
  assert.deepEqual([done.exit?.exitCode, done.exit?.reason], [137, 'lease-ended'])
  await tenant.stop()
})

test('inputs are sent, outputs come home and can be read', async () => {
  const world = makeWorld(1)
  const tenant = world.live()
  async function* source() {
    yield new TextEncoder().encode('tar')
  }
  const { id } = await tenant.blobs.put(source(), 1000, never)
  const { name } = await create(tenant, {
    inputs: [{ target: '/in', blob: id }],
    outputs: ['/out'],
  })
  const done = await exited(world, tenant, name)
  assert.equal(done.outputs[0]?.bytes, 'tar of /out'.length)
  assert.ok(world.hosts[0]?.calls.includes('run.input'))
  let text = ''
  for await (const bytes of tenant.runs.output(name, 0, never)) {
    text += new TextDecoder().decode(bytes)
  }
  assert.equal(text, 'tar of /out')
  await settled(world)
  await tenant.runs.remove(name, false, never)
  assert.equal(await codeOf((async () => tenant.runs.get(name))()), 'not-found')
  await tenant.stop()
})

test('requests that cannot be met are refused before anything is paid', async () => {
  const world = makeWorld()
  const tenant = world.live()
  const refused = (change: Partial<RunCreateInput>) => codeOf(create(tenant, change))
  assert.equal(await refused({ resources: { memoryBytes: 64 * 1024 ** 3 } }), 'no-match')
  assert.equal(await refused({ wishes: { rateMax: '1' } }), 'price')
  assert.equal(await refused({ wishes: { regions: ['moon'] } }), 'no-match')
  assert.equal(await refused({ image: 'debian' }), 'unavailable')
  assert.equal(await refused({ image: 'UPPER' }), 'bad-request')
  await create(tenant, { name: 'taken' })
  assert.equal(await refused({ name: 'taken' }), 'conflict')
  world.ledger.gasWei = 0n
  assert.equal(await refused({}), 'gas')
  world.ledger.act(world.signer.address, {
    kind: 'withdraw',
    to: world.signer.address,
    amount: world.ledger.balance(world.signer.address),
  })
  assert.equal(await refused({}), 'balance')
  await tenant.stop()
})

test('a host that bids more than it offered is not taken', async () => {
  const world = makeWorld(2)
  const tenant = world.live()
  const [cheat] = world.hosts
  assert.ok(cheat !== undefined)
  cheat.failures.set('bid.request', new ArtelError('price', 'dearer now'))
  const { name } = await create(tenant)
  const done = await exited(world, tenant, name)
  assert.notEqual(done.host?.address, cheat.signer.address)
  await tenant.stop()
})

test('a program that no host can execute ends with 127 and is not tried elsewhere', async () => {
  const world = makeWorld(2)
  const tenant = world.live()
  for (const host of world.hosts) {
    host.failures.set('run.create', new ArtelError('command-not-found', 'no nope in the image'))
  }
  const { name } = await create(tenant, { command: ['nope'] })
  const done = await exited(world, tenant, name)
  assert.deepEqual([done.exit?.exitCode, done.exit?.reason], [127, 'command-not-found'])
  assert.equal(done.epoch, 1)
  await tenant.stop()
})

test('standard input reaches the program, and its end too', async () => {
  const world = makeWorld(1)
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['a', 'b'], exitCode: 0 }
  const { name, id } = await create(tenant, { openStdin: true, attached: true })
  const session = await tenant.runs.attach(name, never)
  const reading = (async () => {
    for await (const _ of session.events) {
      // read to the end
    }
  })()
  await session.write(new TextEncoder().encode('hello'), never)
  await session.endInput()
  await exited(world, tenant, name)
  await reading
  const made = world.hosts[0]?.runs.get(id)
  assert.deepEqual([made?.stdin, made?.stdinClosed], [5, true])
  await tenant.stop()
})

test('logs can be cut to the last lines', async () => {
  const world = makeWorld(1)
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['1\n2\n', '3\n4\n', '5'], exitCode: 0 }
  const { name } = await create(tenant)
  await exited(world, tenant, name)
  assert.equal(await logText(world, tenant, name, { tailLines: 3 }), '3\n4\n5')
  assert.equal(await logText(world, tenant, name, { tailLines: 0 }), '')
  await tenant.stop()
})
