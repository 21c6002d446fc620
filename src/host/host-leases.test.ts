import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArtelError } from '#core/errors'
import type { LeaseId } from '#core/ids'
import { leaseIdOf } from '#protocol/eip712-leases'
import { hostTables } from '#protocol/host-records'
import { leaseStatus, leaseWatch, receiptPut, runCreate } from '#protocol/peer/host-routes'
import { small } from '../../test/integration/host/rig.ts'
import { begin, exited, newRun, play, rejects, sh } from '../../test/integration/host/stage.ts'

test(
  'nothing runs before the chain shows the lease',
  play(async ({ rig }) => {
    const { terms } = await rig.bid()
    const lease = leaseIdOf(terms)
    const request = { lease, run: newRun(), spec: sh('true'), start: true, holdOutput: false }
    await assert.rejects(rig.call(runCreate, request), rejects('busy'))
  }),
)

test(
  'a lease is nobody’s business but its tenant’s',
  play(async ({ rig }) => {
    const lease = await rig.lease(600)
    const other = `0x${'12'.repeat(32)}` as LeaseId
    await assert.rejects(rig.call(leaseStatus, { lease: other }), rejects('unauthorized'))
    assert.equal((await rig.call(leaseStatus, { lease })).result.status, 'awaited')
  }),
)

test(
  'a lease with a network gets a bridge of its own that is cut off before anything runs',
  play(async ({ engine, firewall, rig }) => {
    const lease = await rig.lease(600, { ...small, network: 'egress' })
    assert.equal(firewall.rules().size, 0)
    await begin(rig, lease, sh('sleep 60'))
    const [network] = await engine.networks('com.artel.node', rig.signal)
    assert.equal(firewall.rules().get(network?.bridge ?? '')?.subnet, network?.subnet)
    await rig.chainCall({ kind: 'close', terms: rig.termsOf(lease) })
    await rig.until(() => firewall.rules().size === 0, 'the rules are gone')
    assert.deepEqual(await engine.networks('com.artel.node', rig.signal), [])
  }),
)

test(
  'a host without a firewall offers no network',
  play(async ({ firewall, rig }) => {
    firewall.setAvailable(false)
    await rig.restartHost()
    await rig.until(() => rig.host.view().problem === undefined, 'ready')
    await assert.rejects(
      rig.lease(600, { ...small, network: 'egress' }),
      rejects('refused', /network/),
    )
  }),
)

test(
  'a disk that is full for a while does not end the care for leases',
  play(async ({ clock, rig }) => {
    const lease = await rig.lease(600)
    await rig.call(leaseStatus, { lease })
    const { put } = rig.records
    let failures = 0
    Object.assign(rig.records, {
      put: (...[table, key, value]: Parameters<typeof put>) => {
        if (table !== hostTables.leases) return put(table, key, value)
        failures += 1
        throw new ArtelError('out-of-disk', 'the disk is full')
      },
    })
    await rig.chainCall({ kind: 'close', terms: rig.termsOf(lease) })
    await clock.sleep(10_000, rig.signal)
    assert.ok(failures > 1)
    Object.assign(rig.records, { put })
    await rig.until(() => rig.host.earnings().some(({ settled }) => settled), 'settled')
  }),
)

test(
  'a lease ends with its deposit: runs are stopped, everything is removed and the money settles',
  play(async ({ clock, engine, rig }) => {
    const lease = await rig.lease(30)
    const { run } = await begin(rig, lease, sh('sleep 10000'))
    const { reason } = await (async () => {
      await clock.sleep(31_000, rig.signal)
      return exited(rig, lease, run)
    })()
    assert.equal(reason, 'lease-ended')
    await rig.until(
      async () => (await engine.list('com.artel.node', rig.signal)).length === 0,
      'no containers',
    )
    assert.equal(rig.host.view().leased.cpuMilli, 0)
    await clock.sleep(3_700_000, rig.signal)
    const [earning] = rig.host.earnings()
    assert.equal(earning?.settled, true)
    assert.equal(earning?.earned, 30_000n)
    assert.equal(await rig.balanceOf('host'), 30_000n)
  }),
)

test(
  'a lease that a reorganisation settles later has earned what the chain paid at last',
  play(
    async ({ clock, rig }) => {
      const lease = await rig.lease(600)
      await begin(rig, lease, sh('sleep 10000'))
      await clock.sleep(20_000, rig.signal)
      await rig.chainCall({ kind: 'close', terms: rig.termsOf(lease) })
      await rig.until(() => rig.host.earnings()[0]?.settled === true, 'settled')
      const first = rig.host.earnings()[0]?.earned ?? 0n
      await clock.sleep(5_000, rig.signal)
      rig.reorganise(8)
      await rig.until(() => (rig.host.earnings()[0]?.earned ?? 0n) > first, 'settled later')
      assert.equal(rig.host.earnings()[0]?.settled, true)
      assert.equal(rig.host.earnings()[0]?.earned, await rig.balanceOf('host'))
    },
    { keepOutputMs: 600_000 },
  ),
)

test(
  'a closed lease is settled at once and leaves nothing behind',
  play(async ({ clock, engine, rig }) => {
    const lease = await rig.lease(600)
    await begin(rig, lease, sh('sleep 10000'))
    await clock.sleep(20_000, rig.signal)
    await rig.chainCall({ kind: 'close', terms: rig.termsOf(lease) })
    await rig.until(() => rig.host.view().leases.length === 0, 'the lease is forgotten')
    const [earning] = rig.host.earnings()
    assert.ok(earning?.settled && earning.earned >= 20_000n)
    assert.deepEqual(await engine.list('com.artel.node', rig.signal), [])
    assert.equal(rig.host.view().earnedTotal, earning.earned)
  }),
)

test(
  'the host answers a report at once, and the lease goes on',
  play(async ({ clock, rig }) => {
    const lease = await rig.lease(1000)
    await begin(rig, lease, sh('sleep 10000'))
    await clock.sleep(70_000, rig.signal)
    await rig.chainCall({ kind: 'report', terms: rig.termsOf(lease) })
    await rig.until(async () => (await rig.balanceOf('host')) >= 69_000n, 'paid by the answer')
    assert.equal((await rig.call(leaseStatus, { lease })).result.status, 'running')
  }),
)

test(
  'the newest receipt counts; strangers’ and far ones are refused',
  play(async ({ clock, rig }) => {
    const lease = await rig.lease(1000)
    const now = Math.floor(clock.nowMs() / 1000)
    await rig.call(receiptPut, rig.receipt(lease, now))
    await rig.call(receiptPut, rig.receipt(lease, now - 1))
    const { result } = await rig.call(leaseStatus, { lease })
    assert.equal(result.acknowledgedUntil, now)
    const { receipt } = rig.receipt(lease, now + 5)
    const { signature } = rig.receipt(lease, now + 6)
    await assert.rejects(rig.call(receiptPut, { receipt, signature }), rejects('unauthorized'))
    await assert.rejects(
      rig.call(receiptPut, rig.receipt(lease, now + 9_000)),
      rejects('bad-request'),
    )
  }),
)

test(
  'whoever watches a lease sees its runs change, a sign of life, and its end',
  play(async ({ clock, rig }) => {
    const lease = await rig.lease(600)
    const { body } = await rig.call(leaseWatch, { lease })
    const seen: string[] = []
    const watching = (async () => {
      for await (const part of body) {
        if (part.kind === 'control') seen.push(JSON.stringify(part.value))
      }
    })()
    const { run } = await begin(rig, lease, sh('exit 3'))
    await exited(rig, lease, run)
    await clock.sleep(12_000, rig.signal)
    await rig.chainCall({ kind: 'close', terms: rig.termsOf(lease) })
    await watching
    assert.ok(
      seen.some((text) => text.includes('"status":"exited"') && text.includes('"exitCode":3')),
    )
    assert.ok(seen.filter((text) => text.startsWith('{"ping"')).length >= 3)
    assert.ok(seen.some((text) => text.includes('the lease was closed')))
  }),
)

test(
  'a host that leaves lets leases end, quits the rest and is absent',
  play(async ({ engine, rig }) => {
    const lease = await rig.lease(100_000)
    await begin(rig, lease, sh('sleep 100000'))
    const view = await rig.host.leave(5, rig.signal)
    assert.equal(view.state, 'absent')
    assert.deepEqual(await engine.list('com.artel.node', rig.signal), [])
    await assert.rejects(rig.lease(600), rejects('refused'))
  }),
)

test(
  'a host that was stopped while it left goes on leaving',
  play(async ({ engine, rig }) => {
    const lease = await rig.lease(100_000)
    await begin(rig, lease, sh('sleep 100000'))
    const leaving = rig.host.leave(1000, rig.signal).catch(() => undefined)
    await rig.until(() => rig.host.view().state === 'leaving', 'leaving')
    await rig.restartHost()
    await rig.until(() => rig.host.view().state === 'absent', 'absent')
    assert.deepEqual(await engine.list('com.artel.node', rig.signal), [])
    await leaving
  }),
)
