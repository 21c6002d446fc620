import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Random } from '#ports/random'
import type { Signer } from '#ports/signer'
import { addressOfPublicKey, bytesOfHex, hexOfBytes } from '#protocol/eip712'
import { peerIdOfPublicKey } from '#protocol/keys'

const drawKey = (random: Random): Uint8Array => {
  let secret = random.bytes(32)
  while (!secp256k1.utils.isValidSecretKey(secret)) secret = random.bytes(32)
  return secret
}

/** A signer whose key is drawn from `random`: genuine signatures, and a seed repeats them. */
export const createSeededSigner = (random: Random): Signer => {
  const secret = drawKey(random)
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
      return hexOfBytes(Uint8Array.from([...recovered.subarray(1), 27 + (recovered[0] ?? 0)]))
    },
  }
}
