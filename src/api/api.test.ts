import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { ArtelError } from '#core/errors'
import { apiErrorSchema } from '#protocol/api/common'
import { runViewSchema } from '#protocol/api/runs'
import { createOutputDecoder } from '#protocol/output'
import { pattern } from '../../test/integration/cli/fake-program.ts'
import { collect } from '../../test/integration/cli/fake-services.ts'
import { type FakeDaemon, serveFake } from '../../test/integration/cli/serve-fake.ts'
import { claimSocketPath } from './claim-socket-path.ts'
import { createApi } from './create-api.ts'
import { serveApi } from './serve-api.ts'

type Answer = { readonly status: number; readonly bytes: Uint8Array; readonly text: string }
type Ask = {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}

const ask = (daemon: FakeDaemon, path: string, options: Ask = {}): Promise<Answer> =>
  send({ socketPath: daemon.served.socketPath }, path, options)

const send = (
  where: { socketPath: string } | { host: string; port: number },
  path: string,
  { method = 'GET', headers = {}, body }: Ask,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = httpRequest({ ...where, path, method, headers, agent: false }, (response) => {
      collect(response).then((bytes) => {
        const text = new TextDecoder().decode(bytes)
        resolve({ status: response.statusCode ?? 0, bytes, text })
      }, reject)
    })
    request.on('error', reject)
    request.end(body)
  })

const post = (daemon: FakeDaemon, path: string, body: unknown, headers = {}): Promise<Answer> =>
  ask(daemon, path, { method: 'POST', body: JSON.stringify(body), headers })

const errorOf = (answer: Answer) => apiErrorSchema.parse(JSON.parse(answer.text)).error
const echo = { image: 'debian', command: ['echo', 'hi'] }

test('a created run is listed, and its money is text', async (t) => {
  const daemon = await serveFake(t)
  const created = await post(daemon, '/v1/runs', { ...echo, name: 'web' })
  assert.equal(created.status, 201)
  assert.equal(JSON.parse(created.text).cost, '3')
  const run = runViewSchema.parse(JSON.parse((await ask(daemon, '/v1/runs/web')).text))
  assert.equal(run.name, 'web')
  assert.equal(JSON.parse((await ask(daemon, '/v1/runs')).text).length, 1)
})

test('the socket is for its owner only and gives way when nobody listens any more', async (t) => {
  const daemon = await serveFake(t)
  const path = daemon.served.socketPath
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  await assert.rejects(claimSocketPath(path), { code: 'conflict' })
  await assert.rejects(claimSocketPath(`/tmp/${'x'.repeat(120)}`), { code: 'bad-request' })
  await assert.rejects(claimSocketPath('/etc/hostname'), { code: 'conflict' })
})

test('a second API on the same port or socket is refused by name', async (t) => {
  const daemon = await serveFake(t)
  const { createMemoryRecords } = await import('#adapters/memory/records')
  const { createSystemClock } = await import('#adapters/clock-system/clock')
  const { quietLog } = await import('../../test/integration/cli/serve-fake.ts')
  const parts = { records: createMemoryRecords(), clock: createSystemClock(), log: quietLog }
  const api = createApi({ services: daemon.services, ...parts })
  await assert.rejects(serveApi(api, { socketPath: daemon.served.socketPath }), {
    code: 'conflict',
  })
  const port = daemon.served.port ?? 0
  const socketPath = `${daemon.served.socketPath}2`
  await assert.rejects(serveApi(api, { socketPath, tcp: { port, token: 'x' } }), {
    code: 'conflict',
    message: new RegExp(`127.0.0.1:${port}`),
  })
})

test('the port wants the token and the name of this machine', async (t) => {
  const daemon = await serveFake(t)
  const port = daemon.served.port ?? 0
  const knock = (headers: Record<string, string>) =>
    send({ host: '127.0.0.1', port }, '/v1/runs', { headers })
  const authorization = `Bearer ${daemon.token}`
  assert.equal((await knock({ authorization })).status, 200)
  assert.equal((await knock({})).status, 401)
  assert.equal((await knock({ authorization: 'Bearer wrong' })).status, 401)
  assert.equal((await knock({ authorization, host: 'evil.example' })).status, 401)
})

const refused: readonly [string, Ask & { path: string }, number, RegExp][] = [
  ['no JSON', { path: '/v1/runs', method: 'POST', body: '{' }, 400, /the body is no JSON/],
  [
    'a missing field',
    { path: '/v1/runs', method: 'POST', body: '{}' },
    400,
    /body: image: .*expected string/,
  ],
  [
    'a wrong nested field',
    {
      path: '/v1/runs',
      method: 'POST',
      body: JSON.stringify({ ...echo, resources: { cpuMilli: 'two' } }),
    },
    400,
    /resources\.cpuMilli: .*expected number/,
  ],
  [
    'an unknown field',
    { path: '/v1/runs', method: 'POST', body: JSON.stringify({ ...echo, colour: 1 }) },
    400,
    /colour/,
  ],
  [
    'bytes that are no text',
    { path: '/v1/runs', method: 'POST', body: Uint8Array.from([0x7b, 0xff, 0xfe]) },
    400,
    /UTF-8/,
  ],
  [
    'a body beyond the limit',
    { path: '/v1/runs', method: 'POST', body: ' '.repeat(4 * 1024 * 1024 + 1) },
    413,
    /larger than 4194304/,
  ],
  ['an unknown query', { path: '/v1/leases?some=1' }, 400, /query: .*some/],
  ['a query that is no flag', { path: '/v1/leases?all=maybe' }, 400, /query: all/],
  ['an unknown run', { path: '/v1/runs/nothing' }, 404, /no run named nothing/],
  ['an unknown route', { path: '/v2/runs' }, 404, /no route GET \/v2\/runs/],
  ['a bad id', { path: '/v1/maps/xyz' }, 400, /path: id: expected 32 hexadecimal/],
]

test('each malformed request gets one clear error', async (t) => {
  const daemon = await serveFake(t)
  for (const [what, { path, ...options }, status, message] of refused) {
    const answer = await ask(daemon, path, options)
    assert.equal(answer.status, status, `${what}: ${answer.text}`)
    assert.match(errorOf(answer).message, message, what)
  }
})

test("a service's refusal keeps its code, message and hint", async (t) => {
  const daemon = await serveFake(t)
  daemon.refuse = new ArtelError('balance', 'the vault lacks 3 tokens', { hint: 'artel wallet' })
  const answer = await post(daemon, '/v1/runs', echo)
  assert.equal(answer.status, 402)
  assert.deepEqual(errorOf(answer), {
    code: 'balance',
    message: 'the vault lacks 3 tokens',
    hint: 'artel wallet',
  })
})

test('a repeated write under one key happens once and another write under it is refused', async (t) => {
  const daemon = await serveFake(t)
  const headers = { 'idempotency-key': 'k1' }
  const first = await post(daemon, '/v1/runs', echo, headers)
  const second = await post(daemon, '/v1/runs', echo, headers)
  assert.equal(second.status, 201)
  assert.equal(second.text, first.text)
  assert.equal(daemon.runs.length, 1)
  const other = await post(daemon, '/v1/runs', { ...echo, name: 'x' }, headers)
  assert.equal(errorOf(other).code, 'conflict')
  const bad = await post(daemon, '/v1/runs', echo, { 'idempotency-key': 'x'.repeat(200) })
  assert.equal(bad.status, 400)
})

test('a streamed write under a key is compared by its bytes', async (t) => {
  const daemon = await serveFake(t)
  const headers = { 'idempotency-key': 'blob' }
  const put = (body: string) => ask(daemon, '/v1/blobs', { method: 'POST', body, headers })
  const first = await put('abc')
  assert.equal(first.status, 201)
  assert.equal((await put('abc')).text, first.text)
  assert.equal(errorOf(await put('abd')).code, 'conflict')
})

test('logs arrive in frames, byte for byte', async (t) => {
  const daemon = await serveFake(t)
  await post(daemon, '/v1/runs', { image: 'x', name: 'spew', command: ['spew', '3000000'] })
  const answer = await ask(daemon, '/v1/runs/spew/logs?follow=true')
  const frames = createOutputDecoder().push(answer.bytes)
  const bytes = Buffer.concat(frames.map((frame) => frame.bytes))
  assert.equal(bytes.compare(pattern(0, 3_000_000)), 0)
})

test('a map is followed line by line until it has ended', async (t) => {
  const daemon = await serveFake(t)
  const created = await post(daemon, '/v1/maps', {
    image: 'x',
    command: ['echo', '{}'],
    tasks: [{ name: 'a' }, { name: 'b' }],
  })
  const { id } = JSON.parse(created.text)
  const answer = await ask(daemon, `/v1/maps/${id}/events`)
  const lines = answer.text.trim().split('\n')
  const events = lines.map((line) => JSON.parse(line))
  assert.equal(events.length, 4)
  assert.equal(events.at(-1).map.status, 'done')
  assert.equal(events[0].map.hosts[0].cost, '40')
})

test('a follower ends when the API stops, and then nobody gets in', async (t) => {
  const daemon = await serveFake(t)
  const created = await post(daemon, '/v1/maps', {
    image: 'x',
    command: ['hang'],
    tasks: [{ name: 'a' }],
  })
  const { id } = JSON.parse(created.text)
  const following = ask(daemon, `/v1/maps/${id}/events`)
  await daemon.served.stop()
  await following.catch(() => undefined)
  await assert.rejects(ask(daemon, '/v1/runs'), { code: 'ENOENT' })
})

test('garbage on the socket gets an error or a closed connection, and the API lives on', async (t) => {
  const daemon = await serveFake(t)
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc
      .tuple(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'TRACE'), fc.webPath(), fc.string())
      .map(([method, path, body]) => {
        const length = new TextEncoder().encode(body).length
        const target = path === '' ? '/' : path
        return new TextEncoder().encode(
          `${method} /v1${target} HTTP/1.1\r\nHost: artel\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`,
        )
      }),
  )
  await fc.assert(
    fc.asyncProperty(garbage, async (bytes) => {
      const answer = await raw(t, daemon.served.socketPath, bytes)
      assert.ok(answer === '' || /^HTTP\/1\.1 [45]\d\d /.test(answer), answer.slice(0, 200))
      assert.doesNotMatch(answer, /^HTTP\/1\.1 5/)
    }),
    { numRuns: 150 },
  )
  assert.equal((await ask(daemon, '/v1/status')).status, 200)
})

const raw = (_: TestContext, path: string, bytes: Uint8Array): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(path)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', () => resolve(answer))
    socket.on('close', () => resolve(answer))
    socket.end(bytes)
  })
