import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ArtelError, type ErrorCode } from '#core/errors'
import { peerIdOfPublicKey } from '#protocol/keys'
import { createLibp2pNetwork } from './network.ts'

const never = new AbortController().signal
const local = '/ip4/127.0.0.1/tcp/0'

const make = (
  listen: readonly string[],
  bootstrap: readonly string[] = [],
  key = randomBytes(32),
) => createLibp2pNetwork({ signerPrivateKey: key, listen, bootstrap })

const withCode = (code: ErrorCode, message: RegExp) => (error: unknown) =>
  error instanceof ArtelError && error.code === code && message.test(error.message)

/** Waits until `holds`, at most ten seconds. */
const until = async (holds: () => boolean) => {
  for (let n = 0; n < 1000 && !holds(); n += 1) await sleep(10)
  assert.ok(holds())
}

test('the peer id is the one that the protocol derives from the key', () => {
  const key = randomBytes(32)
  assert.equal(make([], [], key).self, peerIdOfPublicKey(secp256k1.getPublicKey(key)))
})

test('a port in use is one clear error that names the address', async () => {
  const first = make([local])
  await first.start(never)
  const address = first.addresses()[0] ?? ''
  const second = make([address])
  await assert.rejects(
    second.start(never),
    withCode('unavailable', new RegExp(`cannot listen on ${address}: the port is in use`)),
  )
  await second.stop()
  await first.stop()
})

test('addresses that are none, or name no peer, are refused', () => {
  assert.throws(() => make(['127.0.0.1:80']), withCode('bad-request', /no multiaddr/))
  assert.throws(() => make([], ['/ip4/127.0.0.1/tcp/1']), withCode('bad-request', /names no peer/))
  assert.throws(() => make([], [], randomBytes(31)), withCode('bad-request', /32 bytes/))
})

test('a bootstrap peer that comes back is dialled again', async () => {
  const key = randomBytes(32)
  const first = make([local], [], key)
  await first.start(never)
  const address = first.addresses()[0] ?? ''
  const network = make([], [`${address}/p2p/${first.self}`])
  await network.start(never)
  await until(() => network.connected().includes(first.self))
  await first.stop()
  await until(() => network.connected().length === 0)
  const again = make([address], [], key)
  await again.start(never)
  await until(() => network.connected().includes(again.self))
  await network.stop()
  await again.stop()
})

test('a wrong peer at the address is unavailable', async () => {
  const other = make([local])
  await other.start(never)
  const network = make([])
  await network.start(never)
  const wanted = make([]).self
  network.learn({ peer: wanted, addresses: other.addresses() })
  await assert.rejects(
    network.open(wanted, '/artel/test/1', never),
    withCode('unavailable', /reached/),
  )
  await network.stop()
  await other.stop()
})
