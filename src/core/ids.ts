import type { Brand } from './brand.ts'

/** 0x and lowercase hexadecimal digits, an even number of them. */
export type Hex = `0x${string}`
/** An EVM account, 20 bytes, lowercase. */
export type Address = Brand<Hex, 'Address'>
/** 32 bytes: an EIP-712 struct hash, a lease, deployment or instance id, a commitment. */
export type Hash32 = Brand<Hex, 'Hash32'>
/** The struct hash of a lease's Terms: commits to host and epoch, the fencing token everywhere. */
export type LeaseId = Hash32
export type DeploymentId = Hash32
export type InstanceId = Hash32
/** One execution of a container: 16 random bytes in hexadecimal, no prefix. */
export type RunId = Brand<string, 'RunId'>
/** A libp2p peer id of a secp256k1 key, base58btc (https://docs.libp2p.io, spec peer-ids). */
export type PeerId = Brand<string, 'PeerId'>
/** The 65 bytes r, s, v of an ECDSA signature with low s, or ERC-1271 bytes of another length. */
export type Signature = Hex

const hex = (length: number) => new RegExp(`^0x[0-9a-f]{${length * 2}}$`)
const address = hex(20)
const hash32 = hex(32)
const runId = /^[0-9a-f]{32}$/
const peerId = /^[1-9A-HJ-NP-Za-km-z]{40,64}$/

/** The address that `text` spells in any letter case, or undefined. */
export const parseAddress = (text: string): Address | undefined =>
  address.test(text.toLowerCase()) ? (text.toLowerCase() as Address) : undefined

/** The 32-byte hash that `text` spells in any letter case, or undefined. */
export const parseHash32 = (text: string): Hash32 | undefined =>
  hash32.test(text.toLowerCase()) ? (text.toLowerCase() as Hash32) : undefined

export const parseRunId = (text: string): RunId | undefined =>
  runId.test(text) ? (text as RunId) : undefined

export const parsePeerId = (text: string): PeerId | undefined =>
  peerId.test(text) ? (text as PeerId) : undefined

/** No predecessor, no observers, no delegate: 32 zero bytes. */
export const zeroHash = `0x${'0'.repeat(64)}` as Hash32
export const zeroAddress = `0x${'0'.repeat(40)}` as Address
