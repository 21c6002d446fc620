import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createCloud } from './cloud.ts'

const image = 'debian:bookworm-slim'
const cloud = createCloud()

before(() => cloud.up(3), { timeout: 180_000 })
after(() => cloud.down(), { timeout: 120_000 })

/** The pid of the host node that serves a run now. */
const hostPidOf = async (name: string): Promise<number> => {
  const inspected = JSON.stringify(await cloud.json(['inspect', name]))
  for (const index of [1, 2, 3]) {
    const home = join(cloud.home, 'local', `host-${index}`)
    const asked = await cloud.artel(['--home', home, 'status', '--json'])
    if (asked.code !== 0) continue // killed by an earlier test
    const status = asked.stdout
    const peer = /"peer":\s*"([^"]+)"/.exec(status)?.[1] ?? 'none'
    if (inspected.includes(peer)) return Number(readFileSync(join(home, 'node.pid'), 'utf8'))
  }
  throw new Error(`no host serves ${name}`)
}

describe('a host that vanishes', () => {
  test('its run starts again elsewhere and says so on stderr', async () => {
    const script = 'echo started; sleep 30; echo finished'
    const running = cloud.start(['run', '--name', 'phoenix', image, 'sh', '-c', script])
    await running.until(/started/)
    process.kill(await hostPidOf('phoenix'), 'SIGKILL')
    const outcome = await running.done
    assert.equal(outcome.code, 0, outcome.stderr)
    assert.match(outcome.stderr, /again/)
    assert.match(outcome.stdout, /finished/)
  })

  test('its run ends with 125 when restarts are forbidden', async () => {
    const script = 'echo started; sleep 300'
    const flags = ['run', '--restart', 'no', '--name', 'mortal']
    const running = cloud.start([...flags, image, 'sh', '-c', script])
    await running.until(/started/)
    process.kill(await hostPidOf('mortal'), 'SIGKILL')
    const outcome = await running.done
    assert.equal(outcome.code, 125)
    assert.match(outcome.stderr, /host/)
  })

  test('its containers and networks are gone once it has come back', async () => {
    await cloud.up(3)
    for (const index of [1, 2, 3]) {
      const home = join(cloud.home, 'local', `host-${index}`)
      const { address } = JSON.parse(
        (await cloud.artel(['--home', home, 'status', '--json'])).stdout,
      )
      await untilGone(`label=com.artel.node=${address}`)
    }
  })
})

const untilGone = async (filter: string): Promise<void> => {
  let left = ''
  for (let tries = 0; tries < 100; tries += 1) {
    const found = [
      ['ps', '-aq'],
      ['network', 'ls', '-q'],
    ].map((list) => spawnSync('docker', [...list, '--filter', filter], { encoding: 'utf8' }).stdout)
    left = found.join('')
    if (left === '') return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  assert.fail(`still there: ${left}`)
}
