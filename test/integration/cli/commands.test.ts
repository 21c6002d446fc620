import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeTarHeader, tarEnd, tarPadding } from '#core/tar-header'
import { pattern } from './fake-program.ts'
import { serveFake } from './serve-fake.ts'
import { artel, startArtel } from './spawn-artel.ts'

const folder = async (t: TestContext): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'artel-cmd-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

const fileTar = (name: string, content: string): Uint8Array => {
  const bytes = new TextEncoder().encode(content)
  const header = { name, type: 'file' as const, mode: 0o644, uid: 0, gid: 0, mtime: 1 }
  const parts = [encodeTarHeader({ ...header, size: bytes.length }), bytes]
  return new Uint8Array(Buffer.concat([...parts, tarPadding(bytes.length), tarEnd]))
}

const folderTar = (name: string): Uint8Array => {
  const header = { name: `${name}/`, type: 'directory' as const, mode: 0o755, uid: 0, gid: 0 }
  return new Uint8Array(Buffer.concat([encodeTarHeader({ ...header, mtime: 1, size: 0 }), tarEnd]))
}

test('ps lists what runs, with -a also what ended, with -q ids only, with --json one document', async (t) => {
  const { home, runs } = await serveFake(t)
  await artel(['run', 'x', 'exit', '3'], { home })
  await artel(['run', '-d', '--name', 'web', 'img', 'wait'], { home })
  const listed = (await artel(['ps'], { home })).text
  assert.match(listed, /^RUN ID +IMAGE +COMMAND +CREATED +STATUS +HOST +COST +NAME\n/)
  assert.match(listed, /web\n$/)
  assert.equal(listed.split('\n').length, 3)
  assert.match((await artel(['ps', '-a'], { home })).text, /Exited \(3\)/)
  const ids = (await artel(['ps', '-aq'], { home })).text.trim().split('\n')
  assert.deepEqual(
    ids,
    runs.map(({ view }) => view.id.slice(0, 12)),
  )
  const document = JSON.parse((await artel(['--json', 'ps', '-a'], { home })).text)
  assert.equal(document.length, 2)
  assert.equal(document[0].cost, '3')
})

test('logs are bytes as they came, follow to the end, and carry times when asked', async (t) => {
  const { home } = await serveFake(t)
  await artel(['run', '--name', 'spew', 'x', 'spew', '300000'], { home })
  const { stdout } = await artel(['logs', 'spew'], { home })
  assert.equal(stdout.compare(pattern(0, 300_000)), 0)
  await artel(['run', '-d', '--name', 'web', 'x', 'wait'], { home })
  const following = startArtel(['logs', '-f', '--timestamps', 'web'], { home })
  await following.says('ready')
  await artel(['kill', '-s', 'term', 'web'], { home })
  const { text, stderr, code } = await following.ended
  assert.equal(code, 0)
  assert.equal(text, '2026-09-21T14:13:20.000Z ready\n')
  assert.equal(stderr, '2026-09-21T14:13:20.000Z got TERM\n')
})

test('logs piped into head end quietly', async (t) => {
  const { home } = await serveFake(t)
  await artel(['run', '-d', '--name', 'big', 'x', 'spew', '5000000'], { home })
  const { child, ended } = startArtel(['logs', 'big'], { home })
  child.stdout.once('data', () => child.stdout.destroy())
  const { code, stderr } = await ended
  assert.equal(code, 141)
  assert.equal(stderr, '')
})

test('attach tells what was said, passes input on, and exits as the program does', async (t) => {
  const { home } = await serveFake(t)
  await artel(['run', '-d', '-i', '--name', 'cat', 'x', 'cat'], { home })
  const joined = await artel(['attach', 'cat'], { home, input: 'typed' })
  assert.deepEqual([joined.text, joined.code], ['typed', 0])
  await artel(['run', '-d', '--name', 'ended', 'x', 'exit', '4'], { home })
  assert.equal((await artel(['attach', 'ended'], { home })).code, 4)
  const missing = await artel(['attach', 'ghost'], { home })
  assert.equal(missing.code, 1)
})

test('exec gives the exit code and keeps its own flags from the program', async (t) => {
  const { home } = await serveFake(t)
  await artel(['run', '-d', '--name', 'web', 'x', 'wait'], { home })
  const out = await artel(['exec', '-i', 'web', 'cat'], { home, input: 'typed' })
  assert.equal(out.text, 'typed')
  assert.equal((await artel(['exec', 'web', 'exit', '7'], { home })).code, 7)
  assert.equal((await artel(['exec', '-e', 'A=b', 'web', 'env'], { home })).text, 'A=b\n')
  assert.equal((await artel(['exec', 'web', 'echo', '-e'], { home })).text, '-e\n')
  assert.equal((await artel(['exec', 'web', 'nonsense'], { home })).code, 127)
  const unknown = await artel(['exec', 'nobody', 'echo'], { home })
  assert.equal(unknown.code, 1)
  assert.equal(unknown.stderr, 'artel: no run named nobody\n')
})

test('wait, stop, kill and rm act on every run and tell which failed', async (t) => {
  const { home, calls } = await serveFake(t)
  for (const name of ['a', 'b']) await artel(['run', '-d', '--name', name, 'x', 'wait'], { home })
  const refused = await artel(['rm', 'a', 'nobody', 'b'], { home })
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /run a is running\nartel rm -f\nartel: no run named nobody\n/)
  assert.equal((await artel(['stop', '-t', '5', 'a'], { home })).text, 'a\n')
  assert.equal((await artel(['wait', 'a'], { home })).text, '143\n')
  await artel(['kill', 'b'], { home })
  assert.equal((await artel(['rm', '-f', 'a', 'b'], { home })).text, 'a\nb\n')
  assert.ok(calls.includes('stop 5') && calls.includes('kill KILL'))
})

test('inspect prints one document with every run', async (t) => {
  const { home } = await serveFake(t)
  await artel(['run', '-d', '--name', 'web', 'x', 'wait'], { home })
  const [one] = JSON.parse((await artel(['inspect', 'web'], { home })).text)
  assert.equal(one.run.name, 'web')
  assert.equal(one.events[0].kind, 'created')
})

test('cp brings files home, sends them, and takes - for a tar stream', async (t) => {
  const cloud = await serveFake(t)
  const { home } = cloud
  const cwd = await folder(t)
  await artel(['run', '-d', '--name', 'web', 'x', 'wait'], { home })
  cloud.tar = fileTar('hosts', 'localhost')
  await artel(['cp', 'web:/etc/hosts', '.'], { home, cwd })
  assert.equal(await readFile(join(cwd, 'hosts'), 'utf8'), 'localhost')
  await artel(['cp', 'web:/etc/hosts', 'renamed'], { home, cwd })
  assert.equal(await readFile(join(cwd, 'renamed'), 'utf8'), 'localhost')
  const streamed = await artel(['cp', 'web:/etc/hosts', '-'], { home })
  assert.equal(streamed.stdout.compare(cloud.tar), 0)
  const astray = await artel(['cp', 'hosts', 'web:/etc/hosts/'], { home, cwd })
  assert.match(astray.stderr, /no such directory: \/etc\/hosts\//)
  assert.equal(astray.code, 1)
  cloud.tar = folderTar('srv')
  await artel(['cp', 'hosts', 'web:/srv/'], { home, cwd })
  assert.equal(cloud.calls.at(-1), 'put /srv/')
  assert.equal(
    Buffer.from(cloud.received[0] ?? [])
      .subarray(0, 5)
      .toString(),
    'hosts',
  )
  await artel(['cp', '-', 'web:/srv'], { home, input: cloud.tar })
  assert.equal(Buffer.compare(cloud.received[1] ?? new Uint8Array(0), cloud.tar), 0)
  const missing = await artel(['cp', 'hosts', 'ghost:/srv'], { home, cwd })
  assert.match(missing.stderr, /no run named ghost/)
  const misuse = await artel(['cp', 'a', 'b'], { home, cwd })
  assert.equal(misuse.code, 2)
  assert.match(misuse.stderr, /must specify at least one run/)
})

test('cp makes a folder that is missing from the one it sends, and puts it into one that is there', async (t) => {
  const cloud = await serveFake(t)
  const { home } = cloud
  const cwd = await folder(t)
  await mkdir(join(cwd, 'site'))
  await writeFile(join(cwd, 'site', 'index'), 'x')
  await artel(['run', '-d', '--name', 'web', 'x', 'wait'], { home })
  const nameSent = (index: number): string =>
    Buffer.from(cloud.received[index] ?? [])
      .toString('latin1', 0, 100)
      .replaceAll('\0', '')
  cloud.tar = fileTar('other', '')
  await artel(['cp', 'site', 'web:/srv/www'], { home, cwd })
  assert.deepEqual([cloud.calls.at(-1), nameSent(0)], ['put /srv', 'www/'])
  cloud.tar = folderTar('www')
  await artel(['cp', 'site', 'web:/srv/www'], { home, cwd })
  assert.deepEqual([cloud.calls.at(-1), nameSent(1)], ['put /srv/www', 'site/'])
  await artel(['cp', 'site/.', 'web:/srv/www'], { home, cwd })
  assert.deepEqual([cloud.calls.at(-1), nameSent(2)], ['put /srv/www', 'index'])
})

test('stats, market, leases, wallet and host print tables, and documents with --json', async (t) => {
  const { home } = await serveFake(t)
  await artel(['run', '-d', '--name', 'web', 'x', 'wait'], { home })
  const tables: readonly [string[], RegExp][] = [
    [['stats', '--no-stream'], /^RUN ID +NAME +CPU %.*\n\w+ +web +--.*8 MiB \/ 512 MiB/],
    [
      ['market'],
      /^HOST +REGION .*\n0x8ba1f10955 +eu-west .*0\.000016 USDC\/h +21 ms +99\.0% \(121\)/,
    ],
    [['leases', '-a'], /^LEASE +AS .*\n.*tenant .*running.*\n.*settled/],
    [['wallet'], /Vault +25 USDC\nIn leases +0\.016 USDC/],
    [['wallet', 'history'], /open +-0\.016 USDC/],
    [['host', 'status'], /State +selling\n[\s\S]*debian:bookworm-slim \(running\)/],
    [['host', 'earnings'], /10 minutes .*0\.002666 USDC +yes\nTotal 0\.002666 USDC/],
    [['status'], /Chain +31337 by http:.*block 120.*\n[\s\S]*All is well\.\n$/],
  ]
  for (const [args, expected] of tables) {
    const { text, code, stderr } = await artel(args, { home })
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
    assert.match(text, expected, args.join(' '))
  }
  for (const [args] of tables) {
    const { text } = await artel([...args, '--json'], { home })
    assert.doesNotThrow(() => JSON.parse(text), args.join(' '))
  }
})

test('amounts and prices are read in tokens', async (t) => {
  const { home, calls } = await serveFake(t)
  const to = '0x8ba1f109551bd432803012645ac136ddd64dba72'
  await artel(['wallet', 'deposit', '2.5'], { home })
  await artel(['wallet', 'withdraw', '--to', to, '0.000001'], { home })
  await artel(['host', 'join', '--price', '0.02', '--max-leases', '4', '--region', 'r'], { home })
  // 0.02 tokens per hour are 20000 base units / 3600 s, in 1e-9 of them.
  assert.deepEqual(calls, ['deposit 2500000', `withdraw 1 ${to}`, 'join r 5555555556 4'])
  for (const args of [
    ['wallet', 'deposit', '0.0000001'],
    ['wallet', 'deposit', 'all'],
    ['wallet', 'withdraw', '--to', '0x12', '1'],
    ['host', 'join'],
    ['host', 'join', '--price', 'dear'],
  ]) {
    const { code, stderr } = await artel(args, { home })
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, /^artel: .*\nSee 'artel (wallet|host) \w+ --help'\.\n$/)
  }
})

test('map sends files, follows tasks, collects what they left, and sums up', async (t) => {
  const cloud = await serveFake(t)
  const { home } = cloud
  const cwd = await folder(t)
  await mkdir(join(cwd, 'frames'))
  for (const name of ['f10.pov', 'f2.pov', 'notes.txt']) {
    await writeFile(join(cwd, 'frames', name), name)
  }
  cloud.tar = fileTar('one.png', 'png')
  const args = ['map', '--hosts', '2', '--input', 'frames/*10.pov', '--output', 'out']
  const { code, text, stderr } = await artel([...args, 'img', '--', 'render', '{}'], { home, cwd })
  assert.equal(code, 0, stderr)
  assert.deepEqual(await readdir(join(cwd, 'out')), ['one.png'])
  assert.match(text, /^1 of 1 tasks done .*cost 0\.00004 USDC\nHOST +REGION +TASKS/)
  assert.equal(cloud.maps.size, 0, 'forgotten once home')
  assert.deepEqual(
    [...cloud.blobs.values()].map((blob) => Buffer.from(blob).toString()),
    ['f10.pov'],
  )
})

test('map --json gives a line per event', async (t) => {
  const { home } = await serveFake(t)
  const cwd = await folder(t)
  for (const name of ['a2', 'a10']) await writeFile(join(cwd, name), name)
  const { text, code } = await artel(['map', '--json', '--input', 'a*', 'img', 'echo', '{}'], {
    home,
    cwd,
  })
  assert.equal(code, 0)
  const events = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    events.filter((event) => event.task).map((event) => event.task.name),
    ['a2', 'a10'],
  )
})

test('two tasks that left the same name are an error that names both', async (t) => {
  const cloud = await serveFake(t)
  const cwd = await folder(t)
  for (const name of ['a', 'b']) await writeFile(join(cwd, name), name)
  cloud.tar = fileTar('same.png', 'png')
  const args = ['map', '--input', 'a', '--input', 'b', '--output', 'out', 'img', 'echo', '{}']
  const { code, stderr } = await artel(args, { home: cloud.home, cwd })
  assert.equal(code, 1)
  assert.match(stderr, /a \(task 0\) and b \(task 1\) both left same\.png in \/out/)
})

test('a task that failed for good is named and makes the exit code 1', async (t) => {
  const { home } = await serveFake(t)
  const cwd = await folder(t)
  for (const name of ['good', 'bad']) await writeFile(join(cwd, name), name)
  const { code, stderr } = await artel(['map', '--input', '*d', 'img', 'echo'], { home, cwd })
  assert.equal(code, 1)
  assert.match(stderr, /artel: task bad failed with exit code 3 after 1 tries/)
})

test('Ctrl-C on map cancels it', async (t) => {
  const { home, calls, maps } = await serveFake(t)
  const cwd = await folder(t)
  await writeFile(join(cwd, 'a'), 'a')
  const map = startArtel(['map', '--input', 'a', 'img', 'hang'], { home, cwd })
  while (maps.size === 0) await new Promise((resolve) => setImmediate(resolve))
  map.child.kill('SIGINT')
  await map.says('cancelling')
  map.child.kill('SIGINT')
  assert.equal((await map.ended).code, 130)
  assert.deepEqual(calls, ['cancel'])
})

test('each misuse of a command is 2 with one clear error', async (t) => {
  const home = await folder(t)
  const cases: readonly [string[], RegExp][] = [
    [['nonsense'], /'nonsense' is not an artel command/],
    [['host', 'nonsense'], /'nonsense' is not an 'artel host' command/],
    [['ps', 'x'], /"artel ps" requires no arguments/],
    [['logs'], /"artel logs" requires exactly 1 argument/],
    [['logs', '-n', 'x', 'web'], /"-n, --tail" flag: expected a number or all/],
    [['kill', '-s', 'NOPE', 'web'], /"-s, --signal" flag/],
    [['exec', 'web'], /"artel exec" requires at least 2 arguments/],
    [['map', 'img', 'cmd'], /flag --input is needed/],
    [['map', '--input', 'none*', 'img', 'cmd'], /no file matches --input none\*/],
    [['chain', 'deploy'], /flag --rpc is needed/],
    [['local', 'up', '--hosts', '0'], /expected a number from 1 to 32/],
  ]
  for (const [args, message] of cases) {
    const { code, stderr } = await artel(args, { home, cwd: home })
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, message)
  }
})

test('a port of this machine serves as well as the socket, with the token', async (t) => {
  const { served, token } = await serveFake(t)
  const home = await folder(t)
  const env = { ARTEL_HOST: `http://127.0.0.1:${served.port}` }
  const without = await artel(['ps'], { home, env })
  assert.equal(without.code, 1)
  assert.match(without.stderr, /cannot read the token/)
  await writeFile(join(home, 'api-token'), `${token}\n`)
  assert.equal((await artel(['ps'], { home, env })).code, 0)
  assert.equal((await artel(['run', 'x', 'exit', '4'], { home, env })).code, 4)
})
