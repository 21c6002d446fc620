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
import { rate } from '#core/money'
import type { Records } from '#ports/records'
import { createRun, logText, makeWorld, never, untilExited } from './testing/world.ts'

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

test('a host that disappears is replaced with the next epoch, and the run starts again', async () => {
  const world = inMemory()
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['a', 'b', 'c', 'd', 'e'], exitCode: 0 }
  const { name } = await createRun(tenant)
  await world.until('runs', () => tenant.runs.get(name).status === 'running')
  const first = tenant.runs.get(name).host
  const notices: string[] = []
  const session = await tenant.runs.attach(name, never)
  const attached = (async () => {
    for await (const event of session.events) {
      if ('type' in event && event.type === 'notice') notices.push(event.message)
    }
  })()
  world.hosts.find(({ signer }) => signer.address === first?.address)?.cut()
  const done = await untilExited(world, tenant, name)
  await attached
  assert.equal(done.exit?.exitCode, 0)
  assert.equal(done.epoch, 2)
  assert.notEqual(done.host?.address, first?.address)
  assert.match(notices.join('\n'), /host 0x[0-9a-f]{40} lost/)
  await world.settled()
  const epochs = world.ledger.follower.leases().map(({ terms }) => terms.epoch)
  assert.deepEqual(epochs.toSorted(), [1, 2])
  await tenant.stop()
})

test('restart no ends a run whose host is lost with 125', async () => {
  const world = inMemory()
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['a', 'b', 'c'] }
  const { name } = await createRun(tenant, { restart: 'no' })
  await world.until('runs', () => tenant.runs.get(name).status === 'running')
  for (const host of world.hosts) host.cut()
  const done = await untilExited(world, tenant, name)
  assert.deepEqual([done.exit?.exitCode, done.exit?.reason], [125, 'host-lost'])
  await world.settled()
  await tenant.stop()
})

test('a node that stops and starts again pays nothing twice and loses no output', async () => {
  const world = inMemory()
  const first = world.live()
  for (const host of world.hosts) host.script = { says: ['a\n', 'b\n', 'c\n', 'd\n'], exitCode: 0 }
  const { name } = await createRun(first)
  await world.until('runs', () => first.runs.get(name).status === 'running')
  await world.clock.advance(1500)
  await first.stop()
  await world.clock.advance(5000)
  const second = world.live()
  await second.start(never)
  const done = await untilExited(world, second, name)
  assert.equal(done.exit?.exitCode, 0)
  assert.equal(await logText(second, name), 'a\nb\nc\nd\n')
  await world.settled()
  assert.deepEqual(world.ledger.included, ['open', 'close'])
  await second.stop()
})

test('a crash between the journal and the chain opens exactly one lease', async () => {
  const world = inMemory()
  const first = world.live()
  const { name } = await createRun(first)
  await world.clock.advance(50)
  assert.equal(world.ledger.included.length, 0)
  await first.stop()
  const second = world.live()
  await second.start(never)
  await untilExited(world, second, name)
  await world.settled()
  assert.deepEqual(world.ledger.included, ['open', 'close'])
  await second.stop()
})

test('a kept lease serves the next run that fits it without any transaction', async () => {
  const world = inMemory()
  const tenant = world.live()
  const one = await createRun(tenant, { keepSeconds: 60 })
  await untilExited(world, tenant, one.name)
  await world.clock.advance(1000)
  assert.deepEqual(world.ledger.included, ['open'])
  const two = await createRun(tenant, { keepSeconds: 0 })
  const done = await untilExited(world, tenant, two.name)
  assert.equal(done.exit?.exitCode, 0)
  await world.settled()
  assert.deepEqual(world.ledger.included, ['open', 'close'])
  const costs = [tenant.runs.get(one.name).cost, tenant.runs.get(two.name).cost]
  const paid = 1_000_000_000n - world.ledger.balance(world.account)
  assert.equal((costs[0] ?? 0n) + (costs[1] ?? 0n), paid)
  await tenant.stop()
})

test('a run that needs more than the kept lease promises opens its own', async () => {
  const world = inMemory()
  const tenant = world.live()
  const one = await createRun(tenant, { keepSeconds: 60 })
  await untilExited(world, tenant, one.name)
  await world.clock.advance(1000)
  const two = await createRun(tenant, { resources: { memoryBytes: 2 * 1024 ** 3 } })
  await untilExited(world, tenant, two.name)
  assert.equal(world.ledger.included.filter((verb) => verb === 'open').length, 2)
  await tenant.stop()
})

test('a long run sends receipts and tops its deposit up', async () => {
  const world = inMemory(1)
  const tenant = world.live()
  const [host] = world.hosts
  assert.ok(host !== undefined)
  host.script = { says: ['a'] }
  const { name } = await createRun(tenant)
  await world.clock.advance(2 * 3_600_000)
  assert.equal(tenant.runs.get(name).status, 'running')
  assert.ok(host.receipts.length > 100)
  assert.ok(world.ledger.included.includes('topUp'))
  await tenant.stop()
})

test('a top-up that the chain refused is tried again, not given up for the life of the deposit', async () => {
  const world = inMemory(1)
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['a'] }
  world.ledger.reverts.add('topUp')
  const { name } = await createRun(tenant)
  await world.clock.advance(2 * 3_600_000)
  assert.equal(world.ledger.reverts.size, 0)
  assert.equal(tenant.runs.get(name).status, 'running')
  await tenant.stop()
})

test('a supervisor that fails begins anew, so that the run ends and its lease is closed', async () => {
  let failures = 0
  const sound = createMemoryRecords()
  const world = inMemory(1, {
    ...sound,
    append: (journal, value) => {
      if (failures < 2 && JSON.stringify(value).includes('"kind":"finished"')) {
        failures += 1
        throw new ArtelError('out-of-disk', 'the disk is full')
      }
      return sound.append(journal, value)
    },
  })
  const tenant = world.live()
  const { name } = await createRun(tenant)
  const done = await untilExited(world, tenant, name)
  assert.equal(failures, 2)
  assert.equal(done.exit?.exitCode, 0)
  await world.settled()
  await tenant.stop()
})

test('a run whose balance is used up ends with lease-ended', async () => {
  const world = inMemory(1)
  const tenant = world.live()
  for (const host of world.hosts) host.script = { says: ['a'] }
  world.ledger.act(world.account, {
    kind: 'withdraw',
    to: world.account,
    amount: world.ledger.balance(world.account),
  })
  world.ledger.fund(world.account, 100n)
  const { name } = await createRun(tenant)
  const done = await untilExited(world, tenant, name)
  assert.deepEqual([done.exit?.exitCode, done.exit?.reason], [137, 'lease-ended'])
  await tenant.stop()
})

test('a host that bids more than it offered is not taken', async () => {
  const world = inMemory(2)
  const tenant = world.live()
  const [cheat] = world.hosts
  assert.ok(cheat !== undefined)
  cheat.bid = (terms) => ({ ...terms, rate: rate(terms.rate * 2n) })
  const { name } = await createRun(tenant)
  const done = await untilExited(world, tenant, name)
  assert.notEqual(done.host?.address, cheat.signer.address)
  await tenant.stop()
})

test('a program that no host can execute ends with 127 and is not tried elsewhere', async () => {
  const world = inMemory(2)
  const tenant = world.live()
  for (const host of world.hosts) {
    host.failures.set('run.create', new ArtelError('command-not-found', 'no nope in the image'))
  }
  const { name } = await createRun(tenant, { command: ['nope'] })
  const done = await untilExited(world, tenant, name)
  assert.deepEqual([done.exit?.exitCode, done.exit?.reason], [127, 'command-not-found'])
  assert.equal(done.epoch, 1)
  await tenant.stop()
})
