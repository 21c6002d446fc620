import { createMemoryLog } from '../../src/adapters/memory/log.ts'
import { createCaller } from '../../src/peers/caller.ts'
import { createServer, type ServerOptions } from '../../src/peers/server.ts'
import type { BodyPart } from '../../src/protocol/peer/call.ts'
import { createTestInternet } from './network-world.ts'

/** Node 0 calls, node 1 serves. */
export const createTestCalls = async (options: Partial<ServerOptions> = {}) => {
  const world = await createTestInternet(2)
  const log = createMemoryLog()
  const { clock } = world
  const server = createServer(
    { network: world.node(1), clock, log },
    { callsMax: 64, callsPerPeerMax: 64, ...options },
  )
  await server.start(new AbortController().signal)
  return {
    ...world,
    log,
    server,
    peer: world.node(1).self,
    caller: createCaller({ network: world.node(0), clock }),
  }
}

/** All data of a body as one, control messages as JSON between them. */
export const bodyText = async (body: AsyncIterable<BodyPart>): Promise<string> => {
  let text = ''
  for await (const part of body) {
    text += part.kind === 'data' ? Buffer.from(part.bytes).toString() : JSON.stringify(part.value)
  }
  return text
}

export const data = (text: string): BodyPart => ({ kind: 'data', bytes: Buffer.from(text) })
