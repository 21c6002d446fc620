import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ArtelError } from '#core/errors'
import type { Signer } from '#ports/signer'
import { addressOfPublicKey, bytesOfHex, hexOfBytes } from '#protocol/eip712'
import { peerIdOfPublicKey } from '#protocol/keys'

/** A signer that holds the 32-byte secp256k1 key in memory. Throws 'bad-request' when it is no key. */
export const createSigner = (privateKey: Uint8Array): Signer => {
  if (!secp256k1.utils.isValidSecretKey(privateKey)) {
    throw new ArtelError('bad-request', 'not a secp256k1 private key of 32 bytes')
  }
  const secret = Uint8Array.from(privateKey)
  const publicKey = secp256k1.getPublicKey(secret, true)
  return {
    address: addressOfPublicKey(publicKey),
    peerId: peerIdOfPublicKey(publicKey),
    publicKey,
    sign: (digest) => {
      const recovered = secp256k1.sign(bytesOfHex(digest), secret, {
        prehash: false,
        lowS: true,
        format: 'recovered',
      })
      const v = 27 + (recovered[0] ?? 0)
      return hexOfBytes(Uint8Array.from([...recovered.subarray(1), v]))
    },
  }
}
