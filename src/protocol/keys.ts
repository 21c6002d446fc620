import { ArtelError } from '#core/errors'
import { type Address, type PeerId, parsePeerId } from '#core/ids'
import { addressOfPublicKey } from './eip712.ts'

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/**
 * What precedes the 33 key bytes in a secp256k1 peer id: identity multihash of 37 bytes, then protobuf
 * fields Type = 2 (Secp256k1) and Data of 33 bytes (https://github.com/libp2p/specs, peer-ids).
 */
const peerIdHead = Uint8Array.of(0x00, 0x25, 0x08, 0x02, 0x12, 0x21)
const publicKeyBytes = 33

/** Bytes in base58btc: leading zero bytes become `1`. */
export const base58Of = (bytes: Uint8Array): string => {
  let value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  let digits = ''
  while (value > 0n) {
    digits = (alphabet[Number(value % 58n)] ?? '') + digits
    value /= 58n
  }
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return '1'.repeat(zeros === -1 ? bytes.length : zeros) + digits
}

const charactersMax = 128

/** The bytes that base58btc `text` spells, or undefined when it has other letters or more than 128 of them. */
export const bytesOfBase58 = (text: string): Uint8Array | undefined => {
  if (text.length > charactersMax || !/^[1-9A-HJ-NP-Za-km-z]*$/.test(text)) return undefined
  let value = 0n
  for (const letter of text) value = value * 58n + BigInt(alphabet.indexOf(letter))
  const bytes: number[] = []
  for (; value > 0n; value >>= 8n) bytes.unshift(Number(value & 0xffn))
  const zeros = /^1*/.exec(text)?.[0].length ?? 0
  return Uint8Array.from([...new Array<number>(zeros).fill(0), ...bytes])
}

/** The peer id of a compressed secp256k1 public key. */
export const peerIdOfPublicKey = (publicKey: Uint8Array): PeerId => {
  if (publicKey.length !== publicKeyBytes) {
    throw new ArtelError('bad-request', `a compressed key has 33 bytes, not ${publicKey.length}`)
  }
  const id = parsePeerId(base58Of(Uint8Array.from([...peerIdHead, ...publicKey])))
  if (id === undefined) throw new ArtelError('internal', 'base58 made no peer id')
  return id
}

/** The compressed secp256k1 key inside a peer id, or undefined for a key of another kind. */
export const publicKeyOfPeer = (peer: PeerId): Uint8Array | undefined => {
  const bytes = bytesOfBase58(peer)
  if (bytes?.length !== peerIdHead.length + publicKeyBytes) return undefined
  if (peerIdHead.some((byte, index) => bytes[index] !== byte)) return undefined
  return bytes.slice(peerIdHead.length)
}

/** The account of the peer's key, or undefined when the peer has no secp256k1 key. */
export const addressOfPeer = (peer: PeerId): Address | undefined => {
  const publicKey = publicKeyOfPeer(peer)
  if (publicKey === undefined) return undefined
  try {
    return addressOfPublicKey(publicKey)
  } catch (error) {
    if (error instanceof ArtelError && error.code === 'bad-request') return undefined
    throw error
  }
}
