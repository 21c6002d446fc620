import type { Address, Hash32, PeerId, Signature } from '#core/ids'

/** A node's one secp256k1 key: peer identity and signer of everything the node says. */
export type Signer = {
  readonly address: Address
  readonly peerId: PeerId
  /** Compressed public key, 33 bytes. */
  readonly publicKey: Uint8Array
  /** r, s, v over a 32-byte digest; deterministic (RFC 6979), low s. */
  readonly sign: (digest: Hash32) => Signature
}
