import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { anvilKey, startAnvil } from '#adapters/chain-viem/anvil'
import { createCloud } from './cloud.ts'

const image = 'debian:bookworm-slim'
const cloud = createCloud()
const { artel } = cloud
const hostHome = join(cloud.home, 'local', 'host-1')

before(() => cloud.up(2), { timeout: 180_000 })
after(() => cloud.down(), { timeout: 120_000 })

const ofHost = (...args: readonly string[]) => artel(['--home', hostHome, ...args])

const network = () => JSON.parse(readFileSync(join(cloud.home, 'network.json'), 'utf8'))

const rpc = async (method: string, params: readonly unknown[]): Promise<unknown> => {
  const response = await fetch(network().rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return response.json()
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })

describe('the owner of a host', () => {
  test('pauses, resumes, sees who runs what, and leaves', async () => {
    assert.equal((await ofHost('host', 'pause')).code, 0)
    const paused = await artel(['run', '--host', await hostAddress(), image, 'true'])
    assert.equal(paused.code, 125, 'a paused host takes no lease')
    assert.equal((await ofHost('host', 'resume')).code, 0)
    await untilOffered()

    const flags = ['-d', '--name', 'guest', '--host', await hostAddress()]
    const run = await artel(['run', ...flags, image, 'sleep', '600'])
    assert.equal(run.code, 0, run.stderr)
    const running = cloud.start(['logs', '-f', 'guest'])
    await untilRunning('guest')
    assert.match((await ofHost('host', 'status')).stdout, /debian:bookworm-slim/)
    running.kill('SIGTERM')

    const left = await ofHost('host', 'leave', '--drain', '2s', '--json')
    assert.equal(left.code, 0, left.stderr)
    assert.match((await ofHost('host', 'status', '--json')).stdout, /absent/)
    assert.equal((await artel(['rm', '-f', 'guest'])).code, 0)
    const label = `com.artel.node=${await hostAddress()}`
    const left2 = spawnSync('docker', ['ps', '-aq', '--filter', `label=${label}`])
    assert.equal(left2.stdout.toString(), '', 'no container stays')
  })
})

const hostAddress = async (): Promise<string> => {
  const outcome = await ofHost('status', '--json')
  return JSON.parse(outcome.stdout).address
}

const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`not within 20 s: ${what}`)
}

/** The market has heard that the host sells again. */
const untilOffered = async (): Promise<void> => {
  const address = await hostAddress()
  await until('the host offers', async () => {
    const offers: { host: { address: string }; freeLeases: number }[] = JSON.parse(
      (await artel(['market', '--json'])).stdout,
    )
    return offers.some((offer) => offer.host.address === address && offer.freeLeases > 0)
  })
}

const untilRunning = (name: string): Promise<void> =>
  until(`${name} runs`, async () => {
    const runs: { name: string; status: string }[] = JSON.parse(
      (await artel(['ps', '--json'])).stdout,
    )
    return runs.some((run) => run.name === name && run.status === 'running')
  })

describe('the wallet', () => {
  test('exports a key that another home imports, with mode 0600', async () => {
    const password = join(cloud.home, 'password')
    writeFileSync(password, 'correct horse')
    const exported = await artel(['wallet', 'export', '--password-file', password])
    assert.equal(exported.code, 0, exported.stderr)
    const file = join(cloud.home, 'keystore.json')
    writeFileSync(file, exported.stdout)
    const other = join(cloud.home, 'other')
    const flags = ['--home', other, 'wallet', 'import', '--password-file', password, file]
    const imported = await artel(flags)
    assert.equal(imported.code, 0, imported.stderr)
    assert.equal(statSync(join(other, 'node.key')).mode & 0o777, 0o600)
    const key = readFileSync(join(cloud.home, 'node.key'), 'utf8')
    assert.equal(readFileSync(join(other, 'node.key'), 'utf8').trim(), key.trim())
  })

  test('says that gas is missing', async () => {
    const { address } = JSON.parse((await artel(['status', '--json'])).stdout)
    await rpc('anvil_setBalance', [address, '0x0'])
    const outcome = await artel(['wallet', 'deposit', '1'])
    await rpc('anvil_setBalance', [address, '0xde0b6b3a7640000'])
    assert.match(outcome.stderr, /for the gas/)
    assert.equal(outcome.code, 1)
  })
})

describe('networks and chains', () => {
  test('the contracts go onto another chain, and a node joins with the network file', async () => {
    const port = await freePort()
    const anvil = await startAnvil({
      directory: join(cloud.home, 'chain-2'),
      port,
      chainId: 4242,
    })
    try {
      const keyFile = join(cloud.home, 'deployer')
      writeFileSync(keyFile, `0x${Buffer.from(anvilKey).toString('hex')}`, { mode: 0o600 })
      const file = join(cloud.home, 'net.json')
      const flags = ['--rpc', anvil.rpcUrl, '--key-file', keyFile, '--output', file]
      const deployed = await artel(['chain', 'deploy', ...flags])
      assert.equal(deployed.code, 0, deployed.stderr)
      const home = join(cloud.home, 'joiner')
      const up = await artel(['--home', home, 'up', '--network', file])
      assert.equal(up.code, 0, up.stderr)
      const status = JSON.parse((await artel(['--home', home, 'status', '--json'])).stdout)
      assert.equal(status.chain.chainId, 4242)
      assert.equal((await artel(['--home', home, 'down'])).code, 0)

      const wrong = JSON.parse(readFileSync(file, 'utf8'))
      writeFileSync(file, JSON.stringify({ ...wrong, chainId: 1 }))
      const mismatch = await artel(['--home', home, 'up', '--network', file])
      assert.equal(mismatch.code, 1)
      assert.match(mismatch.stderr, /chain.*4242/s)

      const contracts = { ...wrong.contracts, leases: `0x${'12'.repeat(20)}` }
      writeFileSync(file, JSON.stringify({ ...wrong, contracts }))
      const missing = await artel(['--home', home, 'up', '--network', file])
      assert.equal(missing.code, 1)
      assert.match(missing.stderr, /0x1212/)
    } finally {
      await anvil.stop()
    }
  })

  test('a network file that does not parse is refused with the field that is wrong', async () => {
    const file = join(cloud.home, 'bad.json')
    writeFileSync(file, JSON.stringify({ version: 1, name: 'x', chainId: 'one' }))
    const outcome = await artel(['--home', join(cloud.home, 'bad'), 'up', '--network', file])
    assert.equal(outcome.code, 1)
    assert.match(outcome.stderr, /chainId/)
  })

  test('a port in use is named', async () => {
    const port = await freePort()
    const server = createServer().listen(port, '127.0.0.1')
    const home = join(cloud.home, 'taken')
    mkdirSync(home)
    const listen = [`/ip4/127.0.0.1/tcp/${port}`]
    writeFileSync(join(home, 'config.json'), JSON.stringify({ version: 1, listen }))
    const outcome = await artel([
      '--home',
      home,
      'up',
      '--network',
      join(cloud.home, 'network.json'),
    ])
    server.close()
    assert.equal(outcome.code, 1)
    assert.match(outcome.stderr, new RegExp(String(port)))
  })

  test('a second daemon on the same home is refused', () => {
    const main = fileURLToPath(new URL('../../src/node/main.ts', import.meta.url))
    const second = spawnSync(process.execPath, [main, '--home', cloud.home], { encoding: 'utf8' })
    assert.equal(second.status, 1)
    assert.match(second.stderr, /in use/)
  })
})

test('a platform that no host has is refused', async () => {
  const outcome = await artel(['run', '--platform', 'linux/riscv64', image, 'true'])
  assert.equal(outcome.code, 125)
  assert.match(outcome.stderr, /riscv64/)
})
