import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { openRpc, smallQuantity } from './rpc.ts'

/** An endpoint that refuses the first `refusals` questions in these words, then answers 7. */
const endpoint = async (words: string, refusals: number) => {
  let asked = 0
  const server = createServer((_, response) => {
    asked += 1
    const error = { code: -32000, message: words }
    const said = asked <= refusals ? { error } : { result: '0x7' }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ jsonrpc: '2.0', id: asked, ...said }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const life = new AbortController()
  return {
    asked: () => asked,
    read: () =>
      openRpc(`http://127.0.0.1:${port}`, 5000, life.signal).read(
        'eth_blockNumber',
        [],
        smallQuantity,
        life.signal,
      ),
    close: () => {
      life.abort()
      server.close()
      server.closeAllConnections()
    },
  }
}

const stale = 'BlockOutOfRangeError: block height is 31 but requested was 30'

test('a read that met a head just replaced is asked again', async () => {
  const chain = await endpoint(stale, 2)
  assert.equal(await chain.read(), 7)
  assert.equal(chain.asked(), 3)
  chain.close()
})

test('an endpoint that never finds its head is unavailable, in its own words', async () => {
  const chain = await endpoint(stale, 1000)
  await assert.rejects(chain.read(), { code: 'unavailable', message: /BlockOutOfRange/ })
  assert.equal(chain.asked(), 5)
  chain.close()
})

test('any other refusal is told at once', async () => {
  const chain = await endpoint('execution reverted', 1000)
  await assert.rejects(chain.read(), { code: 'unavailable', message: /execution reverted/ })
  assert.equal(chain.asked(), 1)
  chain.close()
})
