import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createHttpTransport } from '#cli/transport'
import { encodeStreamFrame, type ServerControl } from '#protocol/api/stream'
import type { OutputFrame } from '#protocol/output'
import { type Client, createClient } from '#sdk/client'
import { type FakeDaemon, serveFake } from '../../test/integration/cli/serve-fake.ts'
import type { RunSession } from './services.ts'

type Fake = FakeDaemon & { readonly client: Client }

const serve = async (t: TestContext): Promise<Fake> => {
  const daemon = await serveFake(t)
  const client = createClient(await createHttpTransport({ home: daemon.home, host: undefined }))
  await client.runs.create({ image: 'x', name: 'web', command: ['wait'] })
  return Object.assign(daemon, { client })
}

const exit: ServerControl = { type: 'exit', exit: { exitCode: 0, finishedAtMs: 1 } }

/** Replaces what attach gives. */
const attachTo = (daemon: FakeDaemon, session: Partial<RunSession>): void => {
  const whole: RunSession = {
    events: (async function* () {
      yield exit
    })(),
    write: async () => undefined,
    endInput: async () => undefined,
    resize: async () => undefined,
    close: async () => undefined,
    ...session,
  }
  Object.assign(daemon.services.runs, { attach: async () => whole })
}

const rawAttach = (daemon: FakeDaemon, name = 'web'): Socket => {
  const socket = connect(daemon.served.socketPath)
  socket.write(
    `POST /v1/runs/${name}/attach HTTP/1.1\r\nHost: artel\r\nConnection: Upgrade\r\nUpgrade: artel-stream\r\n\r\n`,
  )
  return socket
}

/** Resolves when `count` has not changed for many turns of the event loop. */
const settled = async (count: () => number): Promise<number> => {
  let last = -1
  for (let same = 0; same < 200; same += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    if (count() !== last) same = 0
    last = count()
  }
  return last
}

test('output waits for a client that does not read, and then arrives whole', async (t) => {
  const daemon = await serve(t)
  const chunk = 65_536
  const total = 500
  const sent = createHash('sha256')
  let pulled = 0
  attachTo(daemon, {
    events: (async function* (): AsyncGenerator<OutputFrame | ServerControl> {
      for (; pulled < total; pulled += 1) {
        const bytes = new Uint8Array(chunk).fill(pulled)
        sent.update(bytes)
        yield { stream: 'stdout', atMs: 1, bytes }
      }
      yield exit
    })(),
  })
  const session = await daemon.client.runs.attach('web')
  assert.ok((await settled(() => pulled)) < total / 4, 'the program is held back')
  const received = createHash('sha256')
  for await (const event of session.events) {
    if (event.type === 'stdout') received.update(event.bytes)
  }
  assert.equal(pulled, total)
  assert.equal(received.digest('hex'), sent.digest('hex'))
})

test('input waits for a program that does not read', async (t) => {
  const daemon = await serve(t)
  const open = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  let received = 0
  attachTo(daemon, {
    write: async (bytes) => {
      await open.promise
      received += bytes.length
    },
    endInput: async () => end.resolve(),
    events: (async function* () {
      await end.promise
      yield exit
    })(),
  })
  const session = await daemon.client.runs.attach('web')
  let sent = 0
  const sending = (async () => {
    for (; sent < 200; sent += 1) await session.write(new Uint8Array(65_536))
    await session.endInput()
  })()
  assert.ok((await settled(() => sent)) < 100, 'the client is held back')
  assert.equal(received, 0)
  open.resolve()
  await sending
  for await (const _ of session.events);
  assert.equal(received, 200 * 65_536)
})

test('a client that goes away closes the session', async (t) => {
  const daemon = await serve(t)
  const closed = Promise.withResolvers<void>()
  attachTo(daemon, {
    close: async () => closed.resolve(),
    events: (async function* () {
      yield { type: 'started' as const }
      await closed.promise
    })(),
  })
  const session = await daemon.client.runs.attach('web')
  for await (const event of session.events) {
    assert.equal(event.type, 'started')
    break
  }
  session.close()
  await closed.promise
})

test('an unknown run or verb is refused before the stream begins', async (t) => {
  const daemon = await serve(t)
  await assert.rejects(daemon.client.runs.attach('nobody'), {
    code: 'not-found',
    message: 'no run named nobody',
  })
  const answer = await new Promise<string>((resolve) => {
    const socket = rawAttach(daemon, 'web/x')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('close', () => resolve(text))
  })
  assert.match(answer, /^HTTP\/1\.1 404 /)
})

const bad: readonly [string, Uint8Array][] = [
  ['a header of no kind', Uint8Array.from([9, 0, 0, 0, 1, 0])],
  ['a frame beyond the limit', Uint8Array.from([0, 255, 255, 255, 255])],
  ['a control that is no JSON', Uint8Array.from([3, 0, 0, 0, 1, 123])],
  ['an unknown control', encodeStreamFrame({ kind: 'control', value: { type: 'dance' } })],
  ['output from a client', encodeStreamFrame({ kind: 'stdout', bytes: new Uint8Array(1) })],
]

test('a malformed frame gets an error frame and ends the stream', async (t) => {
  const daemon = await serve(t)
  for (const [what, bytes] of bad) {
    const socket = rawAttach(daemon)
    let text = ''
    socket.on('data', (chunk) => {
      if (text === '') socket.write(bytes)
      text += chunk.toString('latin1')
    })
    await new Promise((resolve) => socket.on('close', resolve))
    assert.match(text, /"type":"error","code":"bad-request"/, what)
  }
  assert.equal((await daemon.client.runs.get('web')).status, 'running')
})

test('an exec must say what to start', async (t) => {
  const daemon = await serve(t)
  const session = await daemon.client.runs.exec('web', { command: [] })
  await assert.rejects(
    async () => {
      for await (const _ of session.events);
    },
    { code: 'bad-request', message: /request\.command/ },
  )
})
