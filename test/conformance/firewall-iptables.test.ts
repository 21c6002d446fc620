import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { DockerEngine } from '#adapters/engine-docker/engine'
import { createIptablesFirewall } from '#adapters/firewall-iptables/firewall'
import { busyboxReference } from '../../scripts/engine/busybox-image.ts'
import { containerSpec } from './container-spec.ts'
import { openDocker } from './open-docker.ts'

const labels = { 'artel.firewall-test': '' }
const nets = [
  { name: 'artel-firewall-1', bridge: 'artelfw1', subnet: '10.253.9.0/28', gateway: '10.253.9.1' },
  {
    name: 'artel-firewall-2',
    bridge: 'artelfw2',
    subnet: '10.253.9.16/28',
    gateway: '10.253.9.17',
  },
] as const

describe('a bridge behind the firewall', { timeout: 90_000 }, () => {
  const signal = AbortSignal.timeout(90_000)
  const firewall = createIptablesFirewall()
  const server = createServer((socket) => socket.end('host speaks'))
  const made: string[] = []
  let engine: DockerEngine
  let usable = false
  let port = 0
  let serial = 0

  const clear = async (): Promise<void> => {
    for (const one of await engine.list('artel.firewall-test', signal))
      await engine.remove(one.id, signal)
    for (const { name, bridge } of nets) {
      if (usable) await firewall.release(bridge, signal)
      await engine.removeNetwork(name, signal)
    }
  }
  const create = (network: string, script: string): Promise<string> => {
    serial += 1
    const own = { name: `artel-firewall-${serial}`, labels, image: busyboxReference }
    return engine.create(containerSpec({ ...own, network, command: ['sh', '-c', script] }), signal)
  }
  const said = async (network: string, script: string): Promise<string> => {
    const id = await create(network, script)
    const session = await engine.attach(id, false, signal)
    await engine.start(id, signal)
    let text = ''
    for await (const { bytes } of session.output) text += Buffer.from(bytes).toString()
    return text.trim()
  }
  /** A container that answers everyone on port 7000; its address. */
  const answering = async (network: string): Promise<string> => {
    const id = await create(
      network,
      'hostname -i; while true; do echo container speaks | nc -l -p 7000; done',
    )
    made.push(id)
    const session = await engine.attach(id, false, signal)
    await engine.start(id, signal)
    for await (const { bytes } of session.output) return Buffer.from(bytes).toString().trim()
    throw new Error('it said nothing')
  }
  const call = (address: string): string => `nc -w 2 ${address} 2>/dev/null || echo unreachable`

  before(async () => {
    engine = await openDocker()
    usable = await firewall.available(signal)
    await clear()
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
    port = (server.address() as AddressInfo).port
    for (const { name, subnet, bridge } of nets) {
      await engine.createNetwork({ name, labels, subnet, bridge }, signal)
    }
  })
  after(async () => {
    await clear()
    engine.close()
    await new Promise((resolve) => server.close(resolve))
  })

  test('reaches neither this machine nor another lease, but is reached and reaches its own', async (context) => {
    if (!usable) return context.skip('this process may not change the rules')
    const [one, two] = nets
    assert.match(await said(one.name, call(`${one.gateway} ${port}`)), /host speaks/)
    for (const { bridge, subnet } of nets)
      await firewall.isolate({ bridge, subnet, egress: true }, signal)
    await firewall.isolate({ bridge: one.bridge, subnet: one.subnet, egress: true }, signal)
    const found = await firewall.bridges(signal)
    assert.ok(found.includes(one.bridge) && found.includes(two.bridge))

    const own = await answering(one.name)
    const foreign = await answering(two.name)
    assert.equal(await said(one.name, call(`${one.gateway} ${port}`)), 'unreachable')
    assert.equal(await said(one.name, call(`${two.gateway} ${port}`)), 'unreachable')
    assert.equal(await said(one.name, call(`${foreign} 7000`)), 'unreachable')
    assert.match(await said(one.name, call(`${own} 7000`)), /container speaks/)
    const heard = await new Promise<string>((resolve, reject) => {
      connect(7000, own)
        .once('data', (bytes) => resolve(bytes.toString()))
        .once('error', reject)
    })
    assert.match(heard, /container speaks/)
  })

  test('is forgotten when it is released, also twice', async (context) => {
    if (!usable) return context.skip('this process may not change the rules')
    const [{ bridge, subnet }] = nets
    await firewall.isolate({ bridge, subnet, egress: false }, signal)
    await firewall.release(bridge, signal)
    await firewall.release(bridge, signal)
    assert.ok(!(await firewall.bridges(signal)).includes(bridge))
  })
})
