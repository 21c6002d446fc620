/** Why the contract refuses a call: the names of its custom errors. */
export type RefusalName =
  | 'AnswerDue' // resolve while the host may still answer
  | 'AnswerTooLate'
  | 'BadSignature'
  | 'BidExpired'
  | 'BondTooSmall' // less than the quit fee
  | 'CapExceeded'
  | 'CommitmentTooShort' // a lease of rate 0 that would be over at once
  | 'CoolingDown' // a delegate opens too often
  | 'DepositTooSmall' // does not cover extras and minimum
  | 'InsufficientBalance'
  | 'NotHost'
  | 'NotParty' // neither tenant, nor its signer, nor an unexpired delegate
  | 'NotSilent' // a report before the silence has lasted
  | 'NotSuccessor' // previous or epoch does not continue the current lease
  | 'NothingToReport' // all service is acknowledged or the tail is due
  | 'OutOfRange' // an amount or epoch wider than its storage
  | 'OutsideLease' // absence before the lease began or after it ended
  | 'QuorumMissing'
  | 'RateAboveMax'
  | 'TailPending' // settle before the window has passed
  | 'UnknownLease'
  | 'UntilAfterEnd'
  | 'WrongObservers'
  | 'WrongStatus'

export type Refused = { readonly ok: false; readonly refusal: RefusalName }

export const refused = (refusal: RefusalName): Refused => ({ ok: false, refusal })
