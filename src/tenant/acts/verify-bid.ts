import type { Desired, LeaseDeal } from '#core/deployment'
import { ArtelError } from '#core/errors'
import type { Address, LeaseId, Signature } from '#core/ids'
import { formatHourlyPrice, type Rate } from '#core/money'
import type { Terms } from '#core/terms'
import type { ChainInfo } from '#ports/chain'
import { requirementsHash } from '#protocol/canonical'
import { recoverAddress } from '#protocol/eip712'
import { leaseIdOf, termsDigest } from '#protocol/eip712-leases'

/** What was asked of the host. */
export type Asked = {
  readonly desired: Desired
  readonly tenant: Address
  readonly host: LeaseDeal['host']
  readonly epoch: number
  readonly previous: LeaseId
  /** Of the offer or of the tenant's wishes, whichever is lower. */
  readonly rateMax: Rate
  readonly nowSeconds: number
}

/** The longest stated minimum and silence that a tenant accepts without asking its user. */
const minimumSecondsMax = 3600
/** A bid must last until a transaction can be included. */
const bidSecondsMin = 5

const corrupt = (host: Address, what: string) =>
  new ArtelError('corrupt', `the bid of host ${host} ${what}`)

const checkFields = (terms: Terms, asked: Asked): void => {
  const { desired, host } = asked
  const wanted: Partial<Terms> = {
    tenant: asked.tenant,
    signer: asked.tenant,
    host: host.address,
    deployment: desired.deployment,
    instance: desired.instance,
    epoch: asked.epoch,
    previous: asked.previous,
    manifest: requirementsHash(desired.service.requirements),
  }
  for (const field of [
    'tenant',
    'signer',
    'host',
    'deployment',
    'instance',
    'epoch',
    'previous',
    'manifest',
  ] as const) {
    if (terms[field] !== wanted[field]) throw corrupt(host.address, `has another ${field}`)
  }
}

/** Checks that the terms are what was asked. Throws 'corrupt' or 'price'. */
export const checkTerms = (terms: Terms, asked: Asked, decimals: number): void => {
  checkFields(terms, asked)
  const { host, rateMax, nowSeconds } = asked
  if (!/^0x0{64}$/.test(terms.observers)) throw corrupt(host.address, 'names observers')
  if (terms.extraMax > 0n) throw corrupt(host.address, 'asks for metered extras')
  if (terms.minimum > minimumSecondsMax) {
    throw corrupt(host.address, `asks to be paid for at least ${terms.minimum} s`)
  }
  if (terms.bidExpiry < nowSeconds + bidSecondsMin) throw corrupt(host.address, 'expires too soon')
  if (terms.rate > rateMax) {
    const bid = formatHourlyPrice(terms.rate, decimals)
    const most = formatHourlyPrice(rateMax, decimals)
    throw new ArtelError('price', `host ${host.address} bids ${bid}/h, more than ${most}/h`)
  }
}

/** Checks who signed the terms: the host's account or a key that it named on chain. */
export const checkSignature = async (
  chain: {
    readonly info: ChainInfo
    readonly isOperator: (a: Address, key: Address, signal: AbortSignal) => Promise<boolean>
  },
  terms: Terms,
  signature: Signature,
  signal: AbortSignal,
): Promise<LeaseId> => {
  const signer = recoverAddress(termsDigest(chain.info, terms), signature)
  if (signer === undefined) throw corrupt(terms.host, 'is not signed')
  if (signer !== terms.host && !(await chain.isOperator(terms.host, signer, signal))) {
    throw corrupt(terms.host, `is signed by ${signer}, who does not speak for it`)
  }
  return leaseIdOf(terms)
}
