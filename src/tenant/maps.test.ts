import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryBlobs } from '#adapters/memory/blobs'
import { createVirtualClock } from '#adapters/memory/clock'
import { createMemoryLog } from '#adapters/memory/log'
import { createSeededRandom } from '#adapters/memory/random'
import { createMemoryRecords } from '#adapters/memory/records'
import { createSeededSigner } from '#adapters/memory/signer'
import { createMemorySpools } from '#adapters/memory/spools'
import { ArtelError } from '#core/errors'
import type { RunId } from '#core/ids'
import type { Records } from '#ports/records'
import { type MapCreateInput, type MapView, mapCreateSchema } from '#protocol/api/runs'
import {
  createRun,
  image,
  makeWorld,
  never,
  type Tenant,
  untilExited,
  type World,
} from './testing/world.ts'

const inMemory = (hostCount?: number, records: Records = createMemoryRecords()) => {
  const random = createSeededRandom('tenant')
  const memory = {
    clock: createVirtualClock({ startMs: 1_700_000_000_000 }),
    random,
    signerOf: (name: string) => createSeededSigner(random.fork(name)),
    log: createMemoryLog(),
    records,
    spools: createMemorySpools(),
    blobs: createMemoryBlobs(),
  }
  return makeWorld(memory, hostCount)
}

const mapOf = (tenant: Tenant, tasks: number, change: Partial<MapCreateInput> = {}) =>
  tenant.maps.create(
    mapCreateSchema.parse({
      image,
      command: ['work', '{}'],
      hosts: 2,
      tasks: Array.from({ length: tasks }, (_, index) => ({ name: `task-${index}` })),
      ...change,
    }),
    never,
  )

const untilOver = async (world: World, tenant: Tenant, id: RunId): Promise<MapView> => {
  await world.until(
    'the map ends',
    () => !['placing', 'running'].includes(tenant.maps.get(id).status),
  )
  return tenant.maps.get(id)
}

test('a map runs its tasks on two hosts at once, and every lease is closed', async () => {
  const world = inMemory(3)
  const tenant = world.live()
  for (const host of world.hosts) host.taskMs = 100
  const { id } = await mapOf(tenant, 40, { workersPerHost: 2 })
  const done = await untilOver(world, tenant, id)
  assert.deepEqual([done.status, done.done, done.failed], ['done', 40, 0])
  assert.equal(new Set(done.hosts.map(({ host }) => host.address)).size, 2)
  assert.equal(
    done.hosts.reduce((sum, { tasks }) => sum + tasks, 0),
    40,
  )
  await world.settled()
  assert.equal(world.ledger.included.filter((verb) => verb === 'open').length, 4)
  await tenant.stop()
})

test('a blob stays while a run or a map names it, and goes with the last of them', async () => {
  const world = inMemory(1)
  const tenant = world.live()
  for (const host of world.hosts) host.taskMs = 5_000
  async function* source() {
    yield new TextEncoder().encode('shared')
  }
  const { id: blob } = await tenant.blobs.put(source(), 1000, never)
  const held = () => world.blobs.size(blob)
  const run = await createRun(tenant, { inputs: [{ target: '/in/a', blob }] })
  await untilExited(world, tenant, run.name)
  await world.settled()
  const map = await mapOf(tenant, 0, { tasks: [{ name: 'a', blob }], hosts: 1 })
  await tenant.runs.remove(run.name, false, never)
  assert.equal(await held(), 6)
  const done = await untilOver(world, tenant, map.id)
  assert.equal(done.status, 'done')
  await tenant.maps.remove(map.id)
  assert.equal(await held(), undefined)
  await tenant.stop()
})

test('a worker that stays busy costs its host the lease, and another host does the work', async () => {
  const world = inMemory(2)
  const tenant = world.live()
  const busy = new ArtelError('busy', 'the worker is busy')
  for (const host of world.hosts) host.failures.set('task.run', busy)
  const { id } = await mapOf(tenant, 3, { hosts: 1 })
  await world.until('the map has a host', () => tenant.maps.get(id).hosts.length > 0)
  const first = tenant.maps.get(id).hosts[0]?.host.address
  for (const host of world.hosts) {
    if (host.signer.address !== first) host.failures.delete('task.run')
  }
  const done = await untilOver(world, tenant, id)
  assert.deepEqual([done.status, done.done], ['done', 3])
  await tenant.stop()
})

test('a map that was cancelled and removed leaves no lease open, though the node stops at once', async () => {
  const world = inMemory(2)
  const first = world.live()
  for (const host of world.hosts) host.taskMs = 60_000
  const { id } = await mapOf(first, 4, { hosts: 2 })
  await world.until('leases are open', () => world.ledger.included.length === 2)
  await first.maps.cancel(id, never)
  await first.maps.remove(id)
  assert.deepEqual(first.maps.list(), [])
  await first.stop()
  assert.deepEqual(world.ledger.included, ['open', 'open'])
  const second = world.live()
  await second.start(never)
  assert.deepEqual(second.maps.list(), [])
  await world.settled()
  await second.stop()
})

test('what the leases of a map cost is known after the chain’s follower has forgotten them', async () => {
  const world = inMemory(1)
  const first = world.live()
  for (const host of world.hosts) host.taskMs = 5_000
  const { id } = await mapOf(first, 2, { hosts: 1 })
  await untilOver(world, first, id)
  await world.settled()
  await world.clock.advance(1000)
  const bill = first.maps.get(id).hosts.map(({ cost }) => cost)
  assert.ok((bill[0] ?? 0n) > 0n)
  await first.stop()
  world.ledger.undo()
  const second = world.live()
  await second.start(never)
  assert.deepEqual(
    second.maps.get(id).hosts.map(({ cost }) => cost),
    bill,
  )
  await second.stop()
})

test('a map that ends while the disk is full gives its leases up all the same', async () => {
  let failures = 0
  const sound = createMemoryRecords()
  const fail = (what: string) => {
    if (failures >= 6 || !what.includes('stop-requested')) return
    failures += 1
    throw new ArtelError('out-of-disk', 'the disk is full')
  }
  const world = inMemory(1, {
    ...sound,
    append: (journal, value) => {
      fail(JSON.stringify(value))
      return sound.append(journal, value)
    },
  })
  const tenant = world.live()
  const { id } = await mapOf(tenant, 3, { hosts: 1 })
  assert.equal((await untilOver(world, tenant, id)).status, 'done')
  await world.settled()
  assert.equal(failures, 6)
  await tenant.stop()
})

test('inputs go in under their names and outputs come home', async () => {
  const world = inMemory(1)
  const tenant = world.live()
  const seen: string[] = []
  for (const host of world.hosts) {
    host.task = (command, input) => {
      seen.push(`${command.join(' ')} ${input}`)
      return { exitCode: 0, out: input.toUpperCase() }
    }
  }
  async function* source() {
    yield new TextEncoder().encode('words')
  }
  const { id: blob } = await tenant.blobs.put(source(), 1000, never)
  const { id } = await mapOf(tenant, 0, { tasks: [{ name: 'in/a.txt', blob }], hosts: 1 })
  await untilOver(world, tenant, id)
  assert.deepEqual(seen, ['work /in/a.txt words'])
  let text = ''
  for await (const bytes of tenant.maps.output(id, 0, never))
    text += new TextDecoder().decode(bytes)
  assert.equal(text, 'WORDS')
  await tenant.stop()
})

test('a lease whose host never did a task is on the bill as well', async () => {
  const world = inMemory(3)
  const tenant = world.live()
  for (const host of world.hosts) host.taskMs = 1000
  const useless = world.hosts[0]
  useless?.failures.set('worker.create', new ArtelError('unavailable', 'no engine'))
  const { id } = await mapOf(tenant, 10, { hosts: 3 })
  const done = await untilOver(world, tenant, id)
  assert.equal(done.status, 'done')
  const idle = done.hosts.find(({ host }) => host.address === useless?.signer.address)
  assert.equal(idle?.tasks, 0)
  await world.settled()
  await tenant.stop()
})

test('tasks of a lost host are done elsewhere, and the host is replaced', async () => {
  const world = inMemory(3)
  const tenant = world.live()
  for (const host of world.hosts) host.taskMs = 1000
  const { id } = await mapOf(tenant, 40)
  await world.until('tasks run', () => tenant.maps.get(id).done >= 4)
  const lost = tenant.maps.get(id).hosts[0]?.host.address
  world.hosts.find(({ signer }) => signer.address === lost)?.cut()
  const done = await untilOver(world, tenant, id)
  assert.deepEqual([done.status, done.done], ['done', 40])
  assert.ok(done.retried >= 1)
  assert.equal(new Set(done.hosts.map(({ host }) => host.address)).size, 3)
  await world.settled()
  await tenant.stop()
})

test('a task that fails everywhere fails the map after its tries', async () => {
  const world = inMemory(2)
  const tenant = world.live()
  const tasks = ['a', 'b'].map((name) => ({ name }))
  for (const host of world.hosts) host.task = () => ({ exitCode: 3 })
  const { id } = await mapOf(tenant, 0, { tasks, triesMax: 2 })
  const done = await untilOver(world, tenant, id)
  assert.deepEqual([done.status, done.failed], ['failed', 2])
  assert.ok(tenant.maps.tasks(id).every(({ tries, exitCode }) => tries === 2 && exitCode === 3))
  await tenant.stop()
})

test('who listens hears every task once and the end last', async () => {
  const world = inMemory(1)
  const tenant = world.live()
  const { id } = await mapOf(tenant, 5, { hosts: 1 })
  const heard: string[] = []
  const listening = (async () => {
    for await (const event of tenant.maps.events(id, never)) {
      if ('task' in event) heard.push(`${event.task.name} ${event.task.status}`)
      if ('map' in event) heard.push(event.map.status)
    }
  })()
  await untilOver(world, tenant, id)
  await listening
  assert.equal(heard.at(-1), 'done')
  assert.equal(heard.filter((line) => line.startsWith('task-')).length, 5)
  await tenant.stop()
})

test('cancelling ends a map and closes its leases', async () => {
  const world = inMemory(2)
  const tenant = world.live()
  for (const host of world.hosts) host.taskMs = 1000
  const { id } = await mapOf(tenant, 100)
  await world.until('tasks run', () => tenant.maps.get(id).done >= 2)
  const cancelled = await tenant.maps.cancel(id, never)
  assert.equal(cancelled.status, 'cancelled')
  await world.settled()
  await tenant.maps.remove(id)
  assert.deepEqual(tenant.maps.list(), [])
  await tenant.stop()
})

test('a map that its node left unfinished is failed, and its leases are closed', async () => {
  const world = inMemory(2)
  const first = world.live()
  for (const host of world.hosts) host.taskMs = 1000
  const { id } = await mapOf(first, 100)
  await world.until('tasks run', () => first.maps.get(id).done >= 2)
  await first.stop()
  const second = world.live()
  await second.start(never)
  assert.equal(second.maps.get(id).status, 'failed')
  await world.settled()
  assert.equal(world.ledger.included.filter((verb) => verb === 'close').length, 2)
  await second.stop()
})

test('thousands of trivial tasks are done', async () => {
  const world = inMemory(2)
  const tenant = world.live()
  for (const host of world.hosts) host.taskMs = 0
  const { id } = await mapOf(tenant, 2000, { workersPerHost: 2 })
  const done = await untilOver(world, tenant, id)
  assert.equal(done.done, 2000)
  await tenant.stop()
})
