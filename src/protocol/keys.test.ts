import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { parsePeerId } from '#core/ids'
import { addressOfPublicKey } from './eip712.ts'
import {
  addressOfPeer,
  base58Of,
  bytesOfBase58,
  peerIdOfPublicKey,
  publicKeyOfPeer,
} from './keys.ts'

test('a peer id is the one that libp2p gives to the same key, and leads back to it', async () => {
  const key = await generateKeyPair('secp256k1')
  const peer = peerIdOfPublicKey(key.publicKey.raw)
  assert.equal(peer, peerIdFromPrivateKey(key).toString())
  assert.deepEqual(publicKeyOfPeer(peer), key.publicKey.raw)
  assert.equal(addressOfPeer(peer), addressOfPublicKey(key.publicKey.raw))
})

test('a peer id of another kind of key has no address', async () => {
  const key = await generateKeyPair('Ed25519')
  const peer = parsePeerId(peerIdFromPrivateKey(key).toString()) ?? assert.fail()
  assert.equal(addressOfPeer(peer), undefined)
})

test('a peer id around bytes that are no curve point has no address', () => {
  const bytes = Uint8Array.from([0x00, 0x25, 0x08, 0x02, 0x12, 0x21, ...new Array(33).fill(0xff)])
  const peer = parsePeerId(base58Of(bytes)) ?? assert.fail()
  assert.equal(addressOfPeer(peer), undefined)
})

test('base58 loses nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      assert.deepEqual(bytesOfBase58(base58Of(bytes)), bytes)
    }),
  )
  assert.equal(bytesOfBase58('0OIl'), undefined)
})
