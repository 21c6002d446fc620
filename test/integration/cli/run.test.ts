import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ArtelError } from '#core/errors'
import { encodeTarHeader, tarEnd, tarPadding } from '#core/tar-header'
import { killedBy, pattern } from './fake-program.ts'
import { serveFake } from './serve-fake.ts'
import { artel, artelPath, startArtel } from './spawn-artel.ts'

const folder = async (t: TestContext): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'artel-run-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

const tarOf = (entries: readonly { name: string; content?: string }[]): Uint8Array => {
  const mtime = 1_790_000_000
  const parts = entries.flatMap(({ name, content }) => {
    const bytes = new TextEncoder().encode(content ?? '')
    const type = content === undefined ? ('directory' as const) : ('file' as const)
    const header = { name, type, mode: 0o755, uid: 0, gid: 0, mtime, size: bytes.length }
    return [encodeTarHeader(header), bytes, tarPadding(bytes.length)]
  })
  return new Uint8Array(Buffer.concat([...parts, tarEnd]))
}

test('the exit code of the program becomes ours', async (t) => {
  const { home } = await serveFake(t)
  for (const code of [0, 3, 126, 255]) {
    assert.equal((await artel(['run', 'x', 'exit', String(code)], { home })).code, code)
  }
})

test('stdout and stderr stay apart, byte for byte', async (t) => {
  const { home } = await serveFake(t)
  const { stdout, stderr } = await artel(['run', 'x', 'both'], { home })
  assert.deepEqual([...stdout], [0, 255, 10, 128])
  assert.equal(stderr, Buffer.from([254, 13, 1]).toString('utf8'))
})

test('a big output and a big input arrive whole', async (t) => {
  const { home } = await serveFake(t)
  const big = pattern(0, 4_000_000)
  const spewed = await artel(['run', 'x', 'spew', '4000000'], { home })
  assert.equal(spewed.stdout.compare(big), 0)
  const back = await artel(['run', '-i', 'x', 'cat'], { home, input: big })
  assert.equal(back.stdout.compare(big), 0)
  assert.equal(back.code, 0)
})

test("the container's own flags are not ours", async (t) => {
  const { home } = await serveFake(t)
  const { text } = await artel(['run', 'x', 'echo', '--help', '-it', '--rm'], { home })
  assert.equal(text, '--help -it --rm\n')
})

test('what the flags say reaches the node', async (t) => {
  const cloud = await serveFake(t)
  const { home } = cloud
  const file = join(await folder(t), 'env')
  await writeFile(file, 'FROM_FILE=1\nHANDED\n')
  const args = ['run', '-d', '--name', 'web', '--cpus', '0.5', '-m', '256m', '--gpus', 'all']
  args.push('-e', 'A=1', '-e', 'HANDED', '--env-file', file, '-w', '/x', '-u', '1000', '-l', 'k=v')
  args.push('--entrypoint', 'echo', '-h', 'box', '--max-price', '0.05', '--region', 'eu')
  args.push('--timeout', '5m', '--keep', '2m', '--restart', 'no', '--network', 'none', 'img', 'hi')
  const { text, code, stderr } = await artel(args, { home, env: { HANDED: 'on' } })
  assert.equal(code, 0, stderr)
  const run = cloud.runs[0]
  assert.equal(text.trim(), run?.view.id)
  const { image, command, env, resources, wishes, ...rest } = run?.request ?? assert.fail()
  assert.deepEqual(
    { image, command, env },
    {
      image: 'img',
      command: ['hi'],
      env: ['FROM_FILE=1', 'HANDED=on', 'A=1', 'HANDED=on'],
    },
  )
  assert.deepEqual(resources, { cpuMilli: 500, memoryBytes: 268_435_456, gpus: 'all' })
  // 0.05 tokens of 6 decimals per hour, in 1e-9 base units per second, rounded up.
  assert.equal(wishes.rateMax, 13_888_888_889n)
  assert.deepEqual(wishes.regions, ['eu'])
  assert.equal(rest.hostname, 'box')
  assert.equal(rest.timeoutSeconds, 300)
  assert.equal(rest.keepSeconds, 120)
  assert.equal(rest.restart, 'no')
  assert.equal(rest.network, 'none')
  assert.equal(rest.workdir, '/x')
  assert.equal(rest.user, '1000')
  assert.deepEqual(rest.entrypoint, ['echo'])
  assert.deepEqual(rest.labels, { k: 'v' })
})

test('Ctrl-C is handed on, and the third time kills', async (t) => {
  const { home, calls } = await serveFake(t)
  const polite = startArtel(['run', 'x', 'wait'], { home })
  await polite.says('ready')
  polite.child.kill('SIGINT')
  const ended = await polite.ended
  assert.equal(ended.code, killedBy('INT'))
  assert.match(ended.stderr, /got INT/)
  const stubborn = startArtel(['run', 'x', 'stubborn'], { home })
  await stubborn.says('ready')
  stubborn.child.kill('SIGINT')
  await stubborn.says('ignored INT')
  stubborn.child.kill('SIGINT')
  await stubborn.says('once more')
  stubborn.child.kill('SIGINT')
  assert.equal((await stubborn.ended).code, 137)
  assert.equal(calls.filter((call) => call === 'kill KILL').length, 1)
})

test('other signals are handed on by name, and not at all with --sig-proxy=false', async (t) => {
  const { home } = await serveFake(t)
  const proxied = startArtel(['run', 'x', 'wait'], { home })
  await proxied.says('ready')
  proxied.child.kill('SIGHUP')
  assert.match((await proxied.ended).stderr, /got HUP/)
  const alone = startArtel(['run', '--sig-proxy=false', 'x', 'wait'], { home })
  await alone.says('ready')
  alone.child.kill('SIGTERM')
  assert.equal((await alone.ended).code, null)
})

test('a reader that goes away ends the run, so that it does not go on and cost', async (t) => {
  const cloud = await serveFake(t)
  const shell = spawn('sh', ['-c', `${artelPath} run x stubborn | head -c 1`], {
    env: { ...process.env, ARTEL_HOME: cloud.home },
  })
  await new Promise((resolve) => shell.stdout.once('data', resolve))
  cloud.runs[0]?.execution.kill('INT')
  await cloud.runs[0]?.execution.ended
  assert.deepEqual(cloud.calls.slice(1), ['kill KILL'])
})

test('a failure to run is 125 with the message and the hint', async (t) => {
  const cloud = await serveFake(t)
  cloud.refuse = new ArtelError('no-match', 'no host fits: region excluded 12', {
    hint: 'artel market',
  })
  const { code, stderr } = await artel(['run', 'x', 'echo'], { home: cloud.home })
  assert.equal(code, 125)
  assert.equal(stderr, 'artel: no host fits: region excluded 12\nartel market\n')
})

test('a command that is not in the image is 127 and said', async (t) => {
  const { home } = await serveFake(t)
  const { code, stderr } = await artel(['run', 'x', 'nonsense'], { home })
  assert.equal(code, 127)
  assert.equal(stderr, 'artel: exec: not found in $PATH\nlook into the image\n')
})

test('a detached run is told of when it runs, or with its error when it cannot be started', async (t) => {
  const { home } = await serveFake(t)
  const well = await artel(['run', '-d', 'x', 'wait'], { home })
  assert.match(well.text, /^[0-9a-f]{32}\n$/)
  assert.deepEqual([well.code, well.stderr], [0, ''])
  const failed = await artel(['run', '-d', 'x', 'nonsense'], { home })
  assert.match(failed.text, /^[0-9a-f]{32}\n$/)
  assert.equal(failed.stderr, 'artel: exec: not found in $PATH\nlook into the image\n')
  assert.equal(failed.code, 127)
})

test('a detached program that ends with an error of its own was started all the same', async (t) => {
  const { home } = await serveFake(t)
  assert.equal((await artel(['run', '-d', 'x', 'exit', '3'], { home })).code, 0)
})

test('a notice of the node stands on stderr', async (t) => {
  const cloud = await serveFake(t)
  const run = startArtel(['run', 'x', 'wait'], { home: cloud.home })
  await run.says('ready')
  cloud.runs[0]?.execution.notice('host lost, started again on 0xabc\u001b[2J')
  await run.says('started again')
  run.child.kill('SIGTERM')
  const { stderr } = await run.ended
  assert.match(stderr, /artel: host lost, started again on 0xabc\?\[2J\n/)
})

test('--input sends a folder and a file, --output brings a folder home', async (t) => {
  const cloud = await serveFake(t)
  const cwd = await folder(t)
  await mkdir(join(cwd, 'src'))
  await writeFile(join(cwd, 'src', 'a.c'), 'int a;')
  cloud.tar = tarOf([{ name: 'out/' }, { name: 'out/b.o', content: 'object' }])
  const args = ['run', '--rm', '--input', './src:/work', '--input', 'src/a.c:/etc/one.c']
  args.push('--output', '/out:./here', 'x', 'echo')
  const { code, stderr } = await artel(args, { home: cloud.home, cwd })
  assert.equal(code, 0, stderr)
  assert.equal(await readFile(join(cwd, 'here', 'b.o'), 'utf8'), 'object')
  const inputs = cloud.calls.includes('create run_1') && cloud.blobs.size
  assert.equal(inputs, 2)
  assert.ok(
    cloud.calls.some((call) => call.startsWith('remove ')),
    'forgotten once home',
  )
})

test('a single file comes home as a file', async (t) => {
  const cloud = await serveFake(t)
  const cwd = await folder(t)
  cloud.tar = tarOf([{ name: 'result.txt', content: '42' }])
  await artel(['run', '--output', '/tmp/result.txt:./answer', 'x', 'echo'], {
    home: cloud.home,
    cwd,
  })
  assert.equal(await readFile(join(cwd, 'answer'), 'utf8'), '42')
})

const misuses: readonly [string[], RegExp][] = [
  [['run'], /requires at least 1 argument/],
  [['run', '--nope', 'x'], /unknown flag: --nope\nSee 'artel run --help'/],
  [['run', '-m', '3x', 'x'], /invalid argument "3x" for "-m, --memory" flag/],
  [['run', '-m', '1m', 'x'], /minimum memory limit allowed is 6MB/],
  [['run', '--cpus', '0', 'x'], /"--cpus" flag/],
  [['run', '--name', '-bad', 'x'], /invalid container name \(-bad\)/],
  [['run', '-w', 'here', 'x'], /working directory 'here' is invalid/],
  [['run', '--input', './nothing', 'x'], /"--input" flag: expected PATH:\/TARGET/],
  [['run', '--input', './nothing:/in', 'x'], /cannot read \.\/nothing: no such file/],
  [['run', '--output', '/out:/proc/x/y', 'x'], /cannot write to \/proc\/x\/y/],
  [['run', '--timeout', 'soon', 'x'], /"--timeout" flag: expected a time/],
  [['run', '--max-price', 'cheap', 'x'], /"--max-price" flag: expected tokens per hour/],
  [['run', '--env-file', './none', 'x'], /cannot read env file: .*none/],
  [['run', '-e', '=x', 'x'], /invalid environment variable: =x/],
  [['run', '--platform', 'windows/amd64', 'x'], /"windows\/amd64" for "--platform"/],
  [['run', '-h', 'my_host', 'x'], /invalid hostname format: my_host/],
  [['run', '-it', 'x'], /the input device is not a TTY/],
  [['run', '-d', '--output', '/o:./o', 'x'], /conflicting options: --detach and --output/],
  [['run', '--restart', 'always', 'x'], /expected no or on-failure-of-host/],
]

test('each misuse of run is 125 with one clear error, and nothing is created', async (t) => {
  const cloud = await serveFake(t)
  for (const [args, message] of misuses) {
    const { code, stderr } = await artel(args, { home: cloud.home })
    assert.equal(code, 125, args.join(' '))
    assert.match(stderr, message)
    assert.match(stderr, /^artel: /)
  }
  assert.deepEqual(cloud.calls, [])
})

test('without a daemon the error says how to start one', async (t) => {
  const home = await folder(t)
  const run = await artel(['run', 'x'], { home })
  assert.equal(run.code, 125)
  assert.match(
    run.stderr,
    /cannot connect to the Artel daemon at unix:.*Is it running\?\n.*artel up/,
  )
  assert.equal((await artel(['ps'], { home })).code, 1)
})

test('a name that is taken is one clear error', async (t) => {
  const { home } = await serveFake(t)
  await artel(['run', '-d', '--name', 'web', 'x', 'wait'], { home })
  const { code, stderr } = await artel(['run', '--name', 'web', 'x', 'echo'], { home })
  assert.equal(code, 125)
  assert.equal(stderr, 'artel: the name web is in use\n')
})

test('a terminal is handed over raw and with its size, and is itself again afterwards', async (t) => {
  const { home } = await serveFake(t)
  const cwd = await folder(t)
  const script = `stty rows 33 cols 99; stty -g > before; ${artelPath} run -it x terminal; echo "code $?"; stty -g > after`
  const terminal = spawn('script', ['-qfec', script, '/dev/null'], {
    cwd,
    env: { ...process.env, ARTEL_HOME: home, SHELL: '/bin/sh' },
  })
  let said = ''
  const done = new Promise((resolve) => terminal.on('close', resolve))
  terminal.stdout.on('data', (chunk) => {
    const knew = said.includes('size 99x33')
    said += chunk
    // Ctrl-C is a byte for the program now, no signal for us; q ends it.
    if (!knew && said.includes('size 99x33')) terminal.stdin.write('\x03q')
  })
  await done
  assert.ok(said.includes('\x03q'))
  assert.match(said, /code 0/)
  await access(join(cwd, 'before'))
  assert.equal(
    await readFile(join(cwd, 'after'), 'utf8'),
    await readFile(join(cwd, 'before'), 'utf8'),
  )
})

test('detach keys leave the run alone', async (t) => {
  const cloud = await serveFake(t)
  const terminal = spawn(
    'script',
    ['-qfec', `stty rows 24 cols 80; ${artelPath} run -it x terminal`, '/dev/null'],
    {
      env: { ...process.env, ARTEL_HOME: cloud.home, SHELL: '/bin/sh' },
    },
  )
  let said = ''
  terminal.stdout.on('data', (chunk) => {
    const knew = said.includes('size ')
    said += chunk
    if (!knew && said.includes('size ')) terminal.stdin.write('\x10\x11')
  })
  await new Promise((resolve) => terminal.on('close', resolve))
  assert.match(said, /detached; run_1 goes on/)
  assert.equal(cloud.runs[0]?.execution.exit(), undefined)
})
