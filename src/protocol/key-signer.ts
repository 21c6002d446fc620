import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Signer } from '#ports/signer'
import { addressOfPublicKey, bytesOfHex, hexOfBytes } from './eip712.ts'
import { peerIdOfPublicKey } from './keys.ts'

/** What the holder of a valid 32-byte secp256k1 key can say: its names, and signatures by RFC 6979 with low s. */
export const keySigner = (secret: Uint8Array): Signer => {
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
