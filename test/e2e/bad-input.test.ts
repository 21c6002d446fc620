import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createCloud } from './cloud.ts'

const image = 'debian:bookworm-slim'
const cloud = createCloud()

before(() => cloud.up(1), { timeout: 180_000 })
after(() => cloud.down(), { timeout: 120_000 })

/** One bad call: what is asked, the exit code, and what the one error must say. */
const refusals: readonly {
  readonly what: string
  readonly args: readonly string[]
  readonly code: number
  readonly says: RegExp
}[] = [
  {
    what: 'an image that nobody has',
    args: ['run', 'no-such-image-here:1', 'true'],
    code: 125,
    says: /no-such-image-here/,
  },
  {
    what: 'a command that the image lacks',
    args: ['run', image, 'no-such-command'],
    code: 127,
    says: /no-such-command/,
  },
  {
    what: 'a file that is not executable',
    args: ['run', image, '/etc/passwd'],
    code: 126,
    says: /\/etc\/passwd/,
  },
  {
    what: 'a user that the image does not know, without trying other hosts',
    args: ['run', '-u', 'nobody-here', image, 'true'],
    code: 125,
    says: /^artel: unable to find user nobody-here[^\n]*\n$/,
  },
  {
    what: 'a working directory that is a file',
    args: ['run', '-w', '/etc/passwd', image, 'true'],
    code: 125,
    says: /\/etc\/passwd is not a directory/,
  },
  {
    what: 'an image for another platform than the one asked for',
    args: ['run', '--platform', 'linux/arm64', image, 'true'],
    code: 125,
    says: /wanted linux\/arm64, actual: linux\/amd64/,
  },
  {
    what: 'an image that is not here and must not be pulled',
    args: ['run', '--pull', 'never', 'no-such-image-here:1', 'true'],
    code: 125,
    says: /must not be pulled/,
  },
  {
    what: 'more memory than any host has, by constraint and count',
    args: ['run', '--memory', '100t', image, 'true'],
    code: 125,
    says: /memory.*1/i,
  },
  {
    what: 'a region where nobody sells',
    args: ['run', '--region', 'mars', image, 'true'],
    code: 125,
    says: /mars/,
  },
  {
    what: 'a host that nobody knows',
    args: ['run', '--host', 'nobody', image, 'true'],
    code: 125,
    says: /nobody/,
  },
  {
    what: 'a price below the cheapest, which it names',
    args: ['run', '--max-price', '0.0000001', image, 'true'],
    code: 125,
    says: /cheapest|0\.0\d+/,
  },
  { what: 'an unknown flag', args: ['run', '--frob', image], code: 125, says: /--frob/ },
  {
    what: 'a memory size that is none',
    args: ['run', '-m', 'lots', image],
    code: 125,
    says: /lots/,
  },
  {
    what: 'processors that are none',
    args: ['run', '--cpus', 'x', image],
    code: 125,
    says: /cpus/,
  },
  {
    what: 'an input without a target',
    args: ['run', '--input', '/tmp', image],
    code: 125,
    says: /--input/,
  },
  {
    what: 'an input that is not there',
    args: ['run', '--input', '/no/such/dir:/in', image],
    code: 125,
    says: /\/no\/such\/dir/,
  },
  {
    what: 'an output folder that cannot be written',
    args: ['run', '--output', '/out:/proc/nowhere', image],
    code: 125,
    says: /\/proc\/nowhere/,
  },
  { what: 'no image', args: ['run'], code: 125, says: /argument/ },
  { what: 'logs of a run that is none', args: ['logs', 'ghost'], code: 1, says: /ghost/ },
  { what: 'an unknown command', args: ['frobnicate'], code: 2, says: /frobnicate/ },
]

describe('bad input meets one clear error', () => {
  for (const { what, args, code, says } of refusals) {
    test(`refuses ${what}`, async () => {
      const outcome = await cloud.artel(args)
      assert.match(outcome.stderr, says)
      assert.equal(outcome.code, code, outcome.stderr)
      assert.equal(outcome.stdout, '')
      assert.doesNotMatch(outcome.stderr, /\n\s+at .*:\d+/, 'no stack trace')
    })
  }

  test('says that the memory limit was met when a container is killed for it', async () => {
    const hog = 'x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo "$x" | wc -c'
    const outcome = await cloud.artel(['run', '-m', '32m', image, 'sh', '-c', hog])
    assert.match(outcome.stderr, /memory/)
    assert.equal(outcome.code, 137)
  })

  test('says that the time is up', async () => {
    const outcome = await cloud.artel(['run', '--timeout', '2s', image, 'sleep', '100'])
    assert.match(outcome.stderr, /timeout|2 ?s/)
    assert.equal(outcome.code, 137)
  })

  test('refuses a name that is taken and leaves its owner alone', async () => {
    await cloud.artel(['run', '-d', '--name', 'taken', image, 'sleep', '60'])
    const outcome = await cloud.artel(['run', '--name', 'taken', image, 'true'])
    assert.match(outcome.stderr, /taken/)
    assert.equal(outcome.code, 125)
    assert.equal((await cloud.artel(['rm', '-f', 'taken'])).code, 0)
  })

  test('names what is missing when the balance is too low', async () => {
    const all = await cloud.artel(['wallet', 'withdraw', '99.9999'])
    assert.equal(all.code, 0, all.stderr)
    const outcome = await cloud.artel(['run', image, 'true'])
    assert.match(outcome.stderr, /missing|balance/)
    assert.equal(outcome.code, 125)
    assert.equal((await cloud.artel(['wallet', 'deposit', '99'])).code, 0)
    assert.equal((await cloud.artel(['run', image, 'true'])).code, 0)
  })

  test('names the clash when two tasks of a map leave the same file', async () => {
    const inputs = join(cloud.home, 'inputs')
    mkdirSync(inputs)
    for (const name of ['a', 'b']) writeFileSync(join(inputs, name), name)
    const flags = ['map', '--input', join(inputs, '*'), '--output', join(cloud.home, 'clash')]
    const outcome = await cloud.artel([...flags, image, '--', 'cp', '{}', '/out/same'])
    assert.match(outcome.stderr, /same/)
    assert.equal(outcome.code, 1)
  })

  test('says that no daemon runs and how to start one', async () => {
    const outcome = await cloud.artel(['--home', join(cloud.home, 'empty'), 'ps'])
    assert.match(outcome.stderr, /artel (local )?up/)
    assert.equal(outcome.code, 1)
  })
})
