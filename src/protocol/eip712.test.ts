import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { encodeAbiParameters, hashTypedData, keccak256 as viemKeccak } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { type Address, type Hash32, type Hex, parseAddress, zeroHash } from '#core/ids'
import { rate, tokenAmount } from '#core/money'
import type { Terms } from '#core/terms'
import {
  addressOfPublicKey,
  type Domain,
  hexOfBytes,
  recoverAddress,
  type StructType,
} from './eip712.ts'
import {
  absenceDigest,
  absenceType,
  answerDigest,
  answerType,
  observersHash,
  receiptDigest,
  receiptType,
  termsDigest,
  termsType,
} from './eip712-leases.ts'

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((value) => hexOfBytes(value))
const address = bytes(20) as fc.Arbitrary<Address>
const hash = bytes(32) as fc.Arbitrary<Hash32>
const uint = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n })
const amount = uint(128).map(tokenAmount)
const seconds = fc.nat({ max: 2 ** 40 - 1 })
const duration = fc.nat({ max: 2 ** 32 - 1 })
const domain: Domain = {
  chainId: 31337,
  leases: parseAddress(`0x${'a1'.repeat(20)}`) ?? assert.fail(),
}

const terms: fc.Arbitrary<Terms> = fc.record({
  tenant: address,
  host: address,
  signer: address,
  deployment: hash,
  instance: hash,
  epoch: fc.maxSafeNat(),
  previous: hash,
  manifest: hash,
  observers: hash,
  rate: uint(128).map(rate),
  extraMax: amount,
  bond: amount,
  quitFee: amount,
  reportFee: amount,
  committed: seconds,
  bidExpiry: seconds,
  minimum: duration,
  silence: duration,
  window: duration,
  answerIn: duration,
})

const viemDigest = <T extends object>(type: StructType<T>, message: T): Hex =>
  hashTypedData({
    domain: {
      name: 'Artel',
      version: '1',
      chainId: domain.chainId,
      verifyingContract: domain.leases,
    },
    types: { [type.name]: type.fields },
    primaryType: type.name,
    message: message as Record<string, unknown>,
  })

test('every struct hashes as viem hashes it', () => {
  fc.assert(
    fc.property(terms, hash, seconds, amount, (value, lease, time, extra) => {
      assert.equal(termsDigest(domain, value), viemDigest(termsType, value))
      const receipt = { lease, until: time, extra }
      assert.equal(receiptDigest(domain, receipt), viemDigest(receiptType, receipt))
      const answer = { lease, reported: time }
      assert.equal(answerDigest(domain, answer), viemDigest(answerType, answer))
      const absence = { lease, from: time }
      assert.equal(absenceDigest(domain, absence), viemDigest(absenceType, absence))
    }),
    { numRuns: 25 },
  )
})

test('a number that does not fit its type is refused instead of cut', () => {
  const lease = zeroHash
  assert.throws(() => answerDigest(domain, { lease, reported: 2 ** 40 }), /Answer.reported/)
  assert.throws(() => answerDigest(domain, { lease, reported: -1 }), /Answer.reported/)
  assert.throws(() => answerDigest(domain, { lease, reported: 0.5 }), /Answer.reported/)
})

test('the address behind a signature is found, also with a signature made by viem', async () => {
  const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
  const digest = answerDigest(domain, { lease: zeroHash, reported: 7 })
  const signature = await account.sign({ hash: digest })
  assert.equal(recoverAddress(digest, signature), account.address.toLowerCase())
  const key = secp256k1.getPublicKey(new Uint8Array(32).fill(0x11), true)
  assert.equal(addressOfPublicKey(key), account.address.toLowerCase())
})

test('a malformed or high-s signature recovers to nobody', async () => {
  const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
  const digest = answerDigest(domain, { lease: zeroHash, reported: 7 })
  const signature = await account.sign({ hash: digest })
  const order = secp256k1.Point.Fn.ORDER
  const s = order - BigInt(`0x${signature.slice(66, 130)}`)
  const flipped = signature.endsWith('1b') ? '1c' : '1b'
  const high: Hex = `0x${signature.slice(2, 66)}${s.toString(16).padStart(64, '0')}${flipped}`
  assert.equal(recoverAddress(digest, high), undefined)
  assert.equal(recoverAddress(digest, `0x${'00'.repeat(65)}`), undefined)
  assert.equal(recoverAddress(digest, `0x${'ff'.repeat(64)}1b`), undefined)
  assert.equal(recoverAddress(digest, '0x12'), undefined)
})

test('the observers are hashed as abi.encode does, whatever their order', () => {
  const a = parseAddress(`0x${'22'.repeat(20)}`) ?? assert.fail()
  const b = parseAddress(`0x${'11'.repeat(20)}`) ?? assert.fail()
  const expected = viemKeccak(
    encodeAbiParameters([{ type: 'uint256' }, { type: 'address[]' }], [2n, [b, a]]),
  )
  assert.equal(observersHash(2, [a, b]), expected)
  assert.equal(observersHash(2, [b, a, b]), expected)
  assert.equal(observersHash(2, []), zeroHash)
  assert.throws(() => observersHash(3, [a, b]), /3 of 2/)
})
