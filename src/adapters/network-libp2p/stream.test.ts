import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createLibp2pNetwork } from './network.ts'

const never = new AbortController().signal
const protocol = '/artel/test/1'

test('a writer waits for a reader that rests again and again, and every byte arrives', async (t) => {
  const make = async (listen: readonly string[]) => {
    const signerPrivateKey = randomBytes(32)
    const network = createLibp2pNetwork({ signerPrivateKey, listen, bootstrap: [] })
    await network.start(never)
    t.after(network.stop)
    return network
  }
  const [writer, reader] = [await make(['/ip4/127.0.0.1/tcp/0']), await make([])]
  reader.learn({ peer: writer.self, addresses: writer.addresses() })
  const piece = new Uint8Array(256 * 1024)
  const total = 192 * piece.length
  let written = 0
  let aheadMax = 0
  const writing = Promise.withResolvers<void>()
  writer.handle(protocol, (stream) => {
    const write = async () => {
      while (written < total) {
        await stream.write(piece, never)
        written += piece.length
      }
      await stream.end()
    }
    write().then(writing.resolve, writing.reject)
  })

  /** Rests until the writer has not got on for a good while, as it must when nobody reads. */
  const rest = async () => {
    let seen = written
    for (let turns = 0; turns < 200 && written < total; turns += 1) {
      await nextTurn()
      if (written > seen) turns = 0
      seen = written
    }
  }
  const stream = await reader.open(writer.self, protocol, never)
  let got = 0
  for await (const bytes of stream.read) {
    got += bytes.length
    await rest()
    aheadMax = Math.max(aheadMax, written - got)
  }
  await writing.promise
  assert.equal(got, total)
  assert.ok(aheadMax < 24 * 1024 * 1024, `${aheadMax} bytes were under way at once`)
})
