import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rate } from '#core/money'
import { testOffer } from '../../test/conformance/network-offers.ts'
import { testSigner } from '../../test/conformance/network-world.ts'
import { decodeOffer, encodeOffer, isGenuineOffer, offerBytesMax, signOffer } from './offer.ts'

const signer = testSigner(1)
const signed = signOffer(testOffer(signer), signer)

test('an offer survives the wire and stays genuine', () => {
  const decoded = decodeOffer(encodeOffer(signed))
  assert.deepEqual(decoded, signed)
  assert.ok(decoded !== undefined && isGenuineOffer(decoded))
})

test('an offer that was changed, or signed by another key, is not genuine', () => {
  const cheaper = { ...signed.offer, price: { ...signed.offer.price, base: rate(1n) } }
  assert.ok(!isGenuineOffer({ ...signed, offer: cheaper }))
  const other = testSigner(2)
  assert.ok(!isGenuineOffer(signOffer(signed.offer, other)))
  assert.ok(!isGenuineOffer(signOffer({ ...signed.offer, peer: other.peerId }, signer)))
})

test('bytes that spell no offer decode to nothing', () => {
  assert.equal(decodeOffer(new Uint8Array(offerBytesMax + 1)), undefined)
  const extra = Buffer.from(encodeOffer(signed))
    .toString()
    .replace('{"offer":{', '{"offer":{"x":1,')
  assert.equal(decodeOffer(Buffer.from(extra)), undefined)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.equal(decodeOffer(bytes), undefined)
    }),
  )
})
