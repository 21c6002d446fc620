import type { LeaseSigning, SignedMessage } from '#core/leases-state'
import { type Domain, recoverAddress } from '#protocol/eip712'
import {
  absenceDigest,
  answerDigest,
  leaseIdOf,
  observersHash,
  receiptDigest,
  termsDigest,
} from '#protocol/eip712-leases'

const digestOf = (domain: Domain, message: SignedMessage) => {
  switch (message.kind) {
    case 'terms':
      return termsDigest(domain, message.terms)
    case 'receipt':
      return receiptDigest(domain, message.receipt)
    case 'answer':
      return answerDigest(domain, message.answer)
    case 'absence':
      return absenceDigest(domain, message.absence)
  }
}

/** The hashes and signatures that the contract checks, for a chain without contract accounts. */
export const createLeaseSigning = (domain: Domain): LeaseSigning => ({
  leaseIdOf,
  observersOf: observersHash,
  signerOf: (message, signature) => recoverAddress(digestOf(domain, message), signature),
  accepts: () => false,
})
