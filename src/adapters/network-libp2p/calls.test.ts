import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { z } from 'zod'
import type { BodyPart } from '#protocol/peer/call'
import { defineRoute } from '#protocol/peer/route'
import { createCaller } from '../../peers/caller.ts'
import { createServer } from '../../peers/server.ts'
import { createSystemClock } from '../clock-system/clock.ts'
import { createMemoryLog } from '../memory/log.ts'
import { createLibp2pNetwork } from './network.ts'

const never = new AbortController().signal

const echo = defineRoute({
  name: 'test.echo',
  params: z.strictObject({}),
  result: z.strictObject({ ready: z.boolean() }),
  requestBody: true,
  responseBody: true,
})

test('a call with bodies both ways works over libp2p', { timeout: 30_000 }, async (t) => {
  const make = async () => {
    const network = createLibp2pNetwork({
      signerPrivateKey: randomBytes(32),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrap: [],
    })
    await network.start(never)
    t.after(network.stop)
    return network
  }
  const [tenant, host] = [await make(), await make()]
  tenant.learn({ peer: host.self, addresses: host.addresses() })
  const clock = createSystemClock()
  const log = createMemoryLog()
  const server = createServer({ network: host, clock, log }, { callsMax: 8, callsPerPeerMax: 8 })
  await server.start(never)
  server.handle(echo, async ({ body }) => ({ result: { ready: true }, body }))

  const sent = randomBytes(5_000_000)
  async function* parts(): AsyncGenerator<BodyPart> {
    for (let at = 0; at < sent.length; at += 100_000) {
      yield { kind: 'data', bytes: sent.subarray(at, at + 100_000) }
    }
  }
  const caller = createCaller({ network: tenant, clock })
  const { result, body } = await caller.call(host.self, echo, {}, { signal: never, body: parts() })
  assert.deepEqual(result, { ready: true })
  const got: Uint8Array[] = []
  for await (const part of body) if (part.kind === 'data') got.push(part.bytes)
  assert.ok(sent.equals(Buffer.concat(got)))
  await server.stop()
})
