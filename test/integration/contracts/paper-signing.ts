import { createHash } from 'node:crypto'
import {
  type Address,
  type Hash32,
  parseAddress,
  parseHash32,
  type Signature,
  zeroHash,
} from '#core/ids'
import type { LeaseSigning, SignedMessage } from '#core/leases-state'

const digest = (value: unknown): Hash32 => {
  const text = JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}n` : item))
  return parseHash32(`0x${createHash('sha256').update(text).digest('hex')}`) ?? zeroHash
}

/** Signatures without cryptography: the signer's name and a hash of what it signed. */
export const paperSign = (by: Address, message: SignedMessage): Signature =>
  `0x${by.slice(2)}${digest(message).slice(2)}`

export const paperSigning: LeaseSigning = {
  leaseIdOf: digest,
  observersOf: (quorum, observers) => digest([quorum, observers]),
  signerOf: (message, signature) =>
    signature.slice(42) === digest(message).slice(2)
      ? parseAddress(signature.slice(0, 42))
      : undefined,
  accepts: () => false,
}
