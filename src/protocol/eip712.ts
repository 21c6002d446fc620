import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { ArtelError } from '#core/errors'
import { type Address, type Hash32, type Hex, parseAddress, parseHash32 } from '#core/ids'

/** The member types that Artel signs: each takes one 32-byte word. */
export type AtomType = 'address' | 'bytes32' | 'string' | `uint${number}`

/** A struct as EIP-712 names it; `fields` in the order of its type string. */
export type StructType<T> = {
  readonly name: string
  readonly fields: readonly { readonly name: keyof T & string; readonly type: AtomType }[]
}

/** Which contract on which chain a signature is for. */
export type Domain = { readonly chainId: number; readonly leases: Address }

const text = new TextEncoder()

export const keccak256 = (bytes: Uint8Array): Hash32 => hash32Of(keccak_256(bytes))

const hash32Of = (bytes: Uint8Array): Hash32 => {
  const hash = parseHash32(`0x${bytesToHex(bytes)}`)
  if (hash === undefined) throw new ArtelError('internal', `a hash has ${bytes.length} bytes`)
  return hash
}

export const bytesOfHex = (hex: Hex): Uint8Array => hexToBytes(hex.slice(2))
export const hexOfBytes = (bytes: Uint8Array): Hex => `0x${bytesToHex(bytes)}`

/** A whole number as a big-endian 32-byte word. Throws 'bad-request' when it does not fit into `bits`. */
export const uintWord = (value: bigint | number, bits: number, name: string): Uint8Array => {
  const whole =
    typeof value === 'number' && !Number.isSafeInteger(value) ? undefined : BigInt(value)
  if (whole === undefined || whole < 0n || whole >= 1n << BigInt(bits)) {
    throw new ArtelError('bad-request', `${name} is ${value}, not a uint${bits}`)
  }
  return hexToBytes(whole.toString(16).padStart(64, '0'))
}

/** An address as a 32-byte word. */
export const addressWord = (address: Address): Uint8Array =>
  hexToBytes(address.slice(2).padStart(64, '0'))

const atomWord = (type: AtomType, value: unknown, name: string): Uint8Array => {
  if (type.startsWith('uint') && (typeof value === 'bigint' || typeof value === 'number')) {
    return uintWord(value, Number(type.slice(4)), name)
  }
  if (typeof value === 'string') {
    if (type === 'string') return keccak_256(text.encode(value))
    const address = type === 'address' ? parseAddress(value) : undefined
    if (address !== undefined) return addressWord(address)
    const hash = type === 'bytes32' ? parseHash32(value) : undefined
    if (hash !== undefined) return bytesOfHex(hash)
  }
  throw new ArtelError('bad-request', `${name} is no ${type}`)
}

/** The struct's type string, such as `Answer(bytes32 lease,uint40 reported)`. */
export const typeString = <T>(type: StructType<T>): string =>
  `${type.name}(${type.fields.map((field) => `${field.type} ${field.name}`).join(',')})`

/** hashStruct of EIP-712. Throws 'bad-request' when a member does not fit its type. */
export const hashStruct = <T>(type: StructType<T>, value: T): Hash32 =>
  keccak256(
    concatBytes(
      keccak_256(text.encode(typeString(type))),
      ...type.fields.map((field) =>
        atomWord(field.type, value[field.name], `${type.name}.${field.name}`),
      ),
    ),
  )

type DomainStruct = {
  readonly name: string
  readonly version: string
  readonly chainId: number
  readonly verifyingContract: Address
}

const domainType: StructType<DomainStruct> = {
  name: 'EIP712Domain',
  fields: [
    { name: 'name', type: 'string' },
    { name: 'version', type: 'string' },
    { name: 'chainId', type: 'uint256' },
    { name: 'verifyingContract', type: 'address' },
  ],
}

/** The domain {Artel, 1, chainId, leases} as its struct hash. */
export const domainSeparator = (domain: Domain): Hash32 =>
  hashStruct(domainType, {
    name: 'Artel',
    version: '1',
    chainId: domain.chainId,
    verifyingContract: domain.leases,
  })

/** What is signed: keccak256(0x1901, domain separator, struct hash). */
export const typedDataDigest = (domain: Domain, structHash: Hash32): Hash32 =>
  keccak256(
    concatBytes(
      Uint8Array.of(0x19, 0x01),
      bytesOfHex(domainSeparator(domain)),
      bytesOfHex(structHash),
    ),
  )

/** The account of a secp256k1 public key, compressed (33 bytes) or not (65). Throws 'bad-request' on no point. */
export const addressOfPublicKey = (publicKey: Uint8Array): Address => {
  const point = pointOf(publicKey)
  const address = parseAddress(`0x${keccak256(point.toBytes(false).slice(1)).slice(-40)}`)
  if (address === undefined) throw new ArtelError('internal', 'a hash is no address')
  return address
}

const pointOf = (publicKey: Uint8Array) => {
  try {
    return secp256k1.Point.fromBytes(publicKey)
  } catch (cause) {
    throw new ArtelError('bad-request', 'not a secp256k1 public key', { cause })
  }
}

/**
 * The account that made the 65-byte signature r, s, v over `digest`, or undefined when it is malformed.
 * As the contract does: v is 27 or 28, s is low.
 */
export const recoverAddress = (digest: Hash32, signature: Hex): Address | undefined => {
  if (!/^0x[0-9a-f]{128}(1b|1c)$/i.test(signature)) return undefined
  const bytes = bytesOfHex(signature)
  const recovered = concatBytes(Uint8Array.of((bytes[64] ?? 0) - 27), bytes.slice(0, 64))
  try {
    if (secp256k1.Signature.fromBytes(recovered, 'recovered').hasHighS()) return undefined
    return addressOfPublicKey(
      secp256k1.recoverPublicKey(recovered, bytesOfHex(digest), { prehash: false }),
    )
  } catch {
    // r or s out of range, or no point with this r: nobody signed this.
    return undefined
  }
}
