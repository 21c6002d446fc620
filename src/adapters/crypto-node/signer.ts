import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ArtelError } from '#core/errors'
import type { Signer } from '#ports/signer'
import { keySigner } from '#protocol/key-signer'

/** A signer that holds the 32-byte secp256k1 key in memory. Throws 'bad-request' when it is no key. */
export const createSigner = (privateKey: Uint8Array): Signer => {
  if (!secp256k1.utils.isValidSecretKey(privateKey)) {
    throw new ArtelError('bad-request', 'not a secp256k1 private key of 32 bytes')
  }
  return keySigner(Uint8Array.from(privateKey))
}
