import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Random } from '#ports/random'
import type { Signer } from '#ports/signer'
import { keySigner } from '#protocol/key-signer'

const drawKey = (random: Random): Uint8Array => {
  let secret = random.bytes(32)
  while (!secp256k1.utils.isValidSecretKey(secret)) secret = random.bytes(32)
  return secret
}

/** A signer whose key is drawn from `random`: genuine signatures, and a seed repeats them. */
export const createSeededSigner = (random: Random): Signer => keySigner(drawKey(random))
