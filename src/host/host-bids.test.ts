import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rate } from '#core/money'
import { bidRequest } from '#protocol/peer/host-routes'
import { small } from '../../test/integration/host/rig.ts'
import { begin, exited, play, rejects, sh } from '../../test/integration/host/stage.ts'

test(
  'a bid is signed, kept on disk and given again to whoever asks again',
  play(async ({ rig }) => {
    const first = await rig.bid()
    rig.records.crash()
    await rig.restartHost()
    await rig.until(() => rig.host.view().leases.length === 1, 'the bid is remembered')
    const second = await rig.bid()
    assert.deepEqual(second, first)
    assert.equal(first.terms.host, rig.hostSigner.address)
  }),
)

test(
  'a tenant has one open bid at a host',
  play(async ({ rig }) => {
    await rig.bid(small, 'a')
    await assert.rejects(rig.bid(small, 'b'), rejects('busy'))
  }),
)

test(
  'a bid that is not opened lapses and frees what it kept',
  play(async ({ clock, rig }) => {
    await rig.bid()
    assert.equal(rig.host.view().leased.cpuMilli, 500)
    await clock.sleep(40_000, rig.signal)
    assert.equal(rig.host.view().leased.cpuMilli, 0)
  }),
)

test(
  'a host names its price to whoever offers less',
  play(async ({ rig }) => {
    const { terms } = await rig.bid()
    const request = {
      chainId: 31_337,
      leases: `0x${'a'.repeat(40)}` as typeof terms.tenant,
      tenant: terms.tenant,
      deployment: terms.deployment,
      instance: terms.instance,
      epoch: 1,
      previous: terms.previous,
      requirements: small,
      observers: terms.observers,
      durationSeconds: 0,
    }
    await assert.rejects(
      rig.call(bidRequest, { ...request, rateMax: rate(1n) }),
      rejects('price', /3\.6 tUSD\/h/),
    )
    await assert.rejects(rig.call(bidRequest, { ...request, chainId: 1 }), rejects('wrong-chain'))
    const stranger = { ...request, tenant: rig.hostSigner.address }
    await assert.rejects(rig.call(bidRequest, stranger), rejects('balance'))
  }),
)

test(
  'a paused host takes no bids, and its leases go on',
  play(async ({ rig }) => {
    const lease = await rig.lease(600)
    await rig.host.pause()
    const { run } = await begin(rig, lease, sh('echo on'))
    assert.equal((await exited(rig, lease, run)).exitCode, 0)
    await assert.rejects(rig.lease(600), rejects('refused', /no new leases/))
    await rig.host.resume()
    await rig.lease(600)
  }),
)

test(
  'a request that is larger than the host is refused, one that is too much now is busy',
  play(async ({ rig }) => {
    const sized = (cpuMilli: number) => ({ ...small, resources: { ...small.resources, cpuMilli } })
    await assert.rejects(rig.lease(600, sized(9000)), rejects('refused'))
    await rig.lease(600, sized(1500))
    await assert.rejects(rig.lease(600, sized(1500)), rejects('busy', /cpuMilli/))
  }),
)
