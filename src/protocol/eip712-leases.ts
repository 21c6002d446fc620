import { concatBytes } from '@noble/hashes/utils.js'
import { ArtelError } from '#core/errors'
import { type Address, type Hash32, type LeaseId, zeroHash } from '#core/ids'
import type { Absence, Answer, Receipt, Terms } from '#core/terms'
import {
  addressWord,
  type Domain,
  hashStruct,
  keccak256,
  type StructType,
  typedDataDigest,
  uintWord,
} from './eip712.ts'

export const termsType: StructType<Terms> = {
  name: 'Terms',
  fields: [
    { name: 'tenant', type: 'address' },
    { name: 'host', type: 'address' },
    { name: 'signer', type: 'address' },
    { name: 'deployment', type: 'bytes32' },
    { name: 'instance', type: 'bytes32' },
    { name: 'epoch', type: 'uint64' },
    { name: 'previous', type: 'bytes32' },
    { name: 'manifest', type: 'bytes32' },
    { name: 'observers', type: 'bytes32' },
    { name: 'rate', type: 'uint128' },
    { name: 'extraMax', type: 'uint128' },
    { name: 'bond', type: 'uint128' },
    { name: 'quitFee', type: 'uint128' },
    { name: 'reportFee', type: 'uint128' },
    { name: 'committed', type: 'uint40' },
    { name: 'bidExpiry', type: 'uint40' },
    { name: 'minimum', type: 'uint32' },
    { name: 'silence', type: 'uint32' },
    { name: 'window', type: 'uint32' },
    { name: 'answerIn', type: 'uint32' },
  ],
}

export const receiptType: StructType<Receipt> = {
  name: 'Receipt',
  fields: [
    { name: 'lease', type: 'bytes32' },
    { name: 'until', type: 'uint40' },
    { name: 'extra', type: 'uint128' },
  ],
}

export const answerType: StructType<Answer> = {
  name: 'Answer',
  fields: [
    { name: 'lease', type: 'bytes32' },
    { name: 'reported', type: 'uint40' },
  ],
}

export const absenceType: StructType<Absence> = {
  name: 'Absence',
  fields: [
    { name: 'lease', type: 'bytes32' },
    { name: 'from', type: 'uint40' },
  ],
}

/** The lease's id: the struct hash of its terms, without a domain. */
export const leaseIdOf = (terms: Terms): LeaseId => hashStruct(termsType, terms)

/** What a host signs to bid. */
export const termsDigest = (domain: Domain, terms: Terms): Hash32 =>
  typedDataDigest(domain, leaseIdOf(terms))

/** What a tenant's signer signs to acknowledge service. */
export const receiptDigest = (domain: Domain, receipt: Receipt): Hash32 =>
  typedDataDigest(domain, hashStruct(receiptType, receipt))

/** What a host signs against a report. */
export const answerDigest = (domain: Domain, answer: Answer): Hash32 =>
  typedDataDigest(domain, hashStruct(answerType, answer))

/** What an observer signs about a host that is gone. */
export const absenceDigest = (domain: Domain, absence: Absence): Hash32 =>
  typedDataDigest(domain, hashStruct(absenceType, absence))

/** Terms.observers: keccak256(abi.encode(uint256 k, address[] sorted)); the zero hash for none. */
export const observersHash = (k: number, addresses: readonly Address[]): Hash32 => {
  if (addresses.length === 0) return zeroHash
  const sorted = [...new Set(addresses)].sort()
  if (!Number.isSafeInteger(k) || k < 1 || k > sorted.length) {
    throw new ArtelError('bad-request', `${k} of ${sorted.length} observers cannot agree`)
  }
  return keccak256(
    concatBytes(
      uintWord(k, 256, 'k'),
      uintWord(64, 256, 'offset'),
      uintWord(sorted.length, 256, 'length'),
      ...sorted.map(addressWord),
    ),
  )
}
