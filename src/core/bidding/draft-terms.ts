import type { OwnerRules } from '#core/host-rules'
import type { Address, Hash32, LeaseId } from '#core/ids'
import { noTokens, type Rate } from '#core/money'
import type { Terms } from '#core/terms'

export type BidRequest = {
  readonly tenant: Address
  readonly deployment: Hash32
  readonly instance: Hash32
  readonly epoch: number
  readonly previous: LeaseId
  readonly observers: Hash32
  /** 0 = open end. */
  readonly durationSeconds: number
}

export type BidContext = {
  readonly host: Address
  readonly signer: Address
  readonly manifest: Hash32
  readonly rate: Rate
  /** Unix seconds, the later of chain and machine. */
  readonly now: number
  readonly bidSeconds: number
}

/** How long a bid stands: long enough for a transaction to get into a block. */
export const bidSecondsOf = (blockSeconds: number): number =>
  Math.max(30, Math.ceil(3 * blockSeconds))

/** What an open-ended lease is committed for. */
const openEndSeconds = 3600

/** The terms that a host with these rules signs. */
export const draftTerms = (rules: OwnerRules, request: BidRequest, context: BidContext): Terms => {
  const seconds = request.durationSeconds === 0 ? openEndSeconds : request.durationSeconds
  const bidExpiry = context.now + context.bidSeconds
  return {
    tenant: request.tenant,
    host: context.host,
    signer: context.signer,
    deployment: request.deployment,
    instance: request.instance,
    epoch: request.epoch,
    previous: request.previous,
    manifest: context.manifest,
    observers: request.observers,
    rate: context.rate,
    extraMax: noTokens,
    bond: rules.bond,
    quitFee: rules.quitFee,
    reportFee: rules.reportFee,
    // Never over before it could begin: a free lease lasts exactly until then.
    committed: Math.max(bidExpiry + 1, context.now + Math.min(seconds, rules.leaseSecondsMax)),
    bidExpiry,
    minimum: rules.minimumSeconds,
    silence: rules.silenceSeconds,
    window: rules.windowSeconds,
    answerIn: rules.answerInSeconds,
  }
}
