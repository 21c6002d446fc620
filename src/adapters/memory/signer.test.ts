import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keccak256, recoverAddress } from '#protocol/eip712'
import { addressOfPeer } from '#protocol/keys'
import { createSeededRandom } from './random.ts'
import { createSeededSigner } from './signer.ts'

test('a seed repeats a key, and its signatures recover to its account and peer', () => {
  const signer = createSeededSigner(createSeededRandom(7))
  const again = createSeededSigner(createSeededRandom(7))
  const digest = keccak256(Uint8Array.of(1, 2, 3))
  const signature = signer.sign(digest)
  assert.equal(again.sign(digest), signature)
  assert.equal(recoverAddress(digest, signature), signer.address)
  assert.equal(addressOfPeer(signer.peerId), signer.address)
  assert.notEqual(createSeededSigner(createSeededRandom(8)).address, signer.address)
})
