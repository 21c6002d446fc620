import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createCloud } from './cloud.ts'

const image = 'debian:bookworm-slim'
const cloud = createCloud()
const { artel, start } = cloud

before(() => cloud.up(3), { timeout: 180_000 })
after(() => cloud.down(), { timeout: 120_000 })

/** No lease is open: what earlier runs cost is known. */
const untilSettled = async (): Promise<void> => {
  for (let tries = 0; tries < 100; tries += 1) {
    const open = await cloud.json(['leases'])
    if (Array.isArray(open) && open.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('leases are still open')
}

const sh = (script: string, flags: readonly string[] = []): readonly string[] => [
  'run',
  ...flags,
  image,
  'sh',
  '-c',
  script,
]

describe('artel run', () => {
  test('keeps stdout and stderr apart and exits as the container does', async () => {
    const outcome = await artel(sh('echo hello; echo oops >&2; exit 3'))
    assert.equal(outcome.stdout, 'hello\n')
    assert.equal(outcome.stderr, 'oops\n')
    assert.equal(outcome.code, 3)
  })

  test('passes environment, folder, user, labels and limits into the container', async () => {
    writeFileSync(join(cloud.home, 'env'), '# comment\nB=2\nC=with space\n')
    const flags = ['-e', 'A=1', '--env-file', join(cloud.home, 'env'), '-w', '/tmp', '-u', '1000']
    const limits = ['--cpus', '0.5', '--memory', '64m', '--label', 'k=v', '--hostname', 'box']
    const script = 'echo $A $B "$C" $(pwd) $(id -u) $(hostname)'
    const outcome = await artel(sh(script, [...flags, ...limits]))
    assert.equal(outcome.stdout, '1 2 with space /tmp 1000 box\n')
    assert.equal(outcome.code, 0)
  })

  test('feeds standard input byte for byte with -i', async () => {
    const bytes = randomBytes(3_000_000)
    const outcome = await artel(['run', '-i', image, 'cat'], bytes)
    assert.equal(outcome.code, 0)
    assert.ok(outcome.output.equals(bytes))
  })

  test('gives a terminal with -it', async () => {
    const running = start(['run', '-it', image, 'bash', '--norc'], { terminal: true })
    await running.until(/\$ |# /)
    running.write('tty && stty size && exit 5\n')
    const outcome = await running.done
    assert.match(outcome.stdout, /\/dev\/pts\/\d+/)
    assert.equal(outcome.code, 5)
  })

  test('gives a further program a terminal with exec -it', async () => {
    await artel(['run', '-d', '--name', 'host-of-exec', image, 'sleep', '600'])
    const running = start(['exec', '-it', 'host-of-exec', 'bash', '--norc'], { terminal: true })
    await running.until(/\$ |# /)
    running.write('tty; sleep 600\n')
    await running.until(/\/dev\/pts\/\d+/)
    // The terminal is raw: Ctrl-C is the program's, and ends the sleep only.
    running.write('\x03')
    // Only at its next prompt does the shell keep what is typed.
    await running.until(/\^C[\s\S]*[$#] /)
    running.write('exit 5\n')
    assert.equal((await running.done).code, 5)
    await artel(['rm', '-f', 'host-of-exec'])
  })

  test('says with -d at once when a program cannot be started', async () => {
    const outcome = await artel(['run', '-d', '--name', 'never', image, 'no-such-command'])
    assert.match(outcome.stdout, /^[0-9a-f]{32}\n$/)
    assert.match(outcome.stderr, /^artel: exec: "no-such-command": executable file not found/)
    assert.equal(outcome.code, 127)
  })

  test('makes the folder of an output, for any user', async () => {
    const out = join(cloud.home, 'left', 'by-a-user')
    const flags = ['-u', '1000', '--output', `/out/deep:${out}`]
    const outcome = await artel(sh('id -u > /out/deep/id', flags))
    assert.deepEqual([outcome.code, outcome.stderr], [0, ''])
    assert.equal(readFileSync(join(out, 'id'), 'utf8'), '1000\n')
  })

  test('answers an upload that has nowhere to go, however long it is', async () => {
    await artel(['run', '-d', '--name', 'target', image, 'sleep', '600'])
    const file = join(cloud.home, 'long')
    writeFileSync(file, randomBytes(8 * 1024 * 1024))
    const outcome = await artel(['cp', file, 'target:/no/such'])
    assert.equal(
      outcome.stderr,
      'artel: copy to /no: Could not find the file /no in the container\n',
    )
    assert.equal(outcome.code, 1)
    await artel(['rm', '-f', 'target'])
  })

  test('brings inputs in and outputs home, with modes and links', async () => {
    const dir = join(cloud.home, 'in')
    mkdirSync(join(dir, 'deep'), { recursive: true })
    writeFileSync(join(dir, 'deep', 'data'), 'payload')
    writeFileSync(join(dir, 'tool'), '#!/bin/sh\necho ran')
    chmodSync(join(dir, 'tool'), 0o755)
    symlinkSync('deep/data', join(dir, 'link'))
    const out = join(cloud.home, 'result')
    const script = '/in/tool; cp -a /in/. /out/; test "$(cat /in/link)" = payload'
    const outcome = await artel(sh(script, ['--input', `${dir}:/in`, '--output', `/out:${out}`]))
    assert.equal(outcome.stderr, '')
    assert.equal(outcome.stdout, 'ran\n')
    assert.equal(outcome.code, 0)
    assert.equal(readFileSync(join(out, 'deep', 'data'), 'utf8'), 'payload')
    assert.equal(readlinkSync(join(out, 'link')), 'deep/data')
    assert.equal(lstatSync(join(out, 'tool')).mode & 0o777, 0o755)
  })

  test('loses nothing of a large output', async () => {
    const outcome = await artel(sh('head -c 20000000 /dev/zero | tr "\\0" x'))
    assert.equal(outcome.output.length, 20_000_000)
    assert.equal(outcome.code, 0)
  })

  test('ends the container and closes the lease on Ctrl-C', async () => {
    const running = start(
      sh('trap "echo bye; exit 7" INT; echo ready; while :; do sleep 0.1; done'),
    )
    await running.until(/ready/)
    running.kill('SIGINT')
    const outcome = await running.done
    assert.match(outcome.stdout, /bye/)
    assert.equal(outcome.code, 7)
  })

  test('shows what it would do with --dry-run, and spends nothing', async () => {
    await untilSettled()
    const before = await cloud.json(['wallet'])
    const outcome = await artel(['run', '--dry-run', image, 'true'])
    assert.equal(outcome.code, 0)
    assert.match(outcome.stdout, /0x[0-9a-f]{4}/)
    assert.deepEqual(await cloud.json(['wallet']), before)
  })
})

describe('a run in the background', () => {
  test('can be watched, entered, copied to and from, stopped and removed', async () => {
    const script = 'trap "exit 4" TERM; echo up; while :; do sleep 0.1; done'
    const started = await artel(['run', '-d', '--name', 'web', image, 'sh', '-c', script])
    assert.equal(started.code, 0, started.stderr)
    assert.match(started.stdout, /^[0-9a-f]{32}\n$/)

    const follower = start(['logs', '-f', 'web'])
    await follower.until(/up/)
    assert.match((await artel(['ps'])).stdout, /web/)
    const exec = await artel(['exec', 'web', 'sh', '-c', 'echo inside; echo err >&2; exit 9'])
    assert.deepEqual([exec.stdout, exec.stderr, exec.code], ['inside\n', 'err\n', 9])

    writeFileSync(join(cloud.home, 'note'), 'hello there')
    assert.equal((await artel(['cp', join(cloud.home, 'note'), 'web:/tmp/note'])).code, 0)
    assert.equal((await artel(['cp', 'web:/tmp/note', join(cloud.home, 'back')])).code, 0)
    assert.equal(readFileSync(join(cloud.home, 'back'), 'utf8'), 'hello there')

    assert.match((await artel(['stats', '--no-stream', 'web'])).stdout, /web/)
    const inspected = JSON.stringify(await cloud.json(['inspect', 'web']))
    assert.match(inspected, /debian/)

    const waiting = start(['wait', 'web'])
    assert.equal((await artel(['rm', 'web'])).code, 1, 'a running run is not removed without -f')
    assert.equal((await artel(['stop', 'web'])).code, 0)
    assert.match((await waiting.done).stdout, /^4\n$/)
    assert.equal((await follower.done).code, 0)
    assert.doesNotMatch((await artel(['ps'])).stdout, /web/)
    assert.match((await artel(['ps', '-a'])).stdout, /web/)
    assert.match((await artel(['logs', '--tail', '1', 'web'])).stdout, /up/)
    assert.equal((await artel(['rm', 'web'])).code, 0)
    assert.equal((await artel(['logs', 'web'])).code, 1)
  })

  test('dies of a signal that is sent to it', async () => {
    await artel(['run', '-d', '--name', 'victim', image, 'sleep', '1000'])
    assert.equal((await artel(['kill', '-s', 'KILL', 'victim'])).code, 0)
    assert.match((await artel(['wait', 'victim'])).stdout, /^137\n$/)
    assert.equal((await artel(['rm', 'victim'])).code, 0)
  })
})

describe('money', () => {
  test('every lease is settled, and hosts earned what the tenant paid', async () => {
    const wallet = await cloud.json(['wallet'])
    assert.ok(wallet !== null && typeof wallet === 'object' && 'inLeases' in wallet)
    assert.match((await artel(['leases', '-a'])).stdout, /settled/)
    assert.match((await artel(['wallet', 'history'])).stdout, /deposit/)
    const earned = await artel(['--home', join(cloud.home, 'local', 'host-1'), 'host', 'earnings'])
    assert.equal(earned.code, 0, earned.stderr)
  })
})
