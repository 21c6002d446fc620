import { decodeEventLog } from 'viem'
import { ArtelError } from '#core/errors'
import { type Address, type Hash32, type Hex, parseAddress, parseHash32 } from '#core/ids'
import type { LeasesEvent } from '#core/leases-state'
import { rate, type TokenAmount, tokenAmount } from '#core/money'
import type { Terms } from '#core/terms'
import type { HostsEvent } from '#ports/chain'
import { hostsAbi, leasesAbi } from './abi.generated.ts'
import { refusalOfSelector } from './refusal.ts'

type Log = { readonly data: Hex; readonly topics: readonly Hash32[] }

const address = (text: string): Address => parseAddress(text) ?? malformed(text)
const hash = (text: string): Hash32 => parseHash32(text) ?? malformed(text)

const malformed = (text: string): never => {
  throw new ArtelError('corrupt', `an event of the chain holds ${text.slice(0, 80)}`)
}

type TermsStruct = {
  readonly [Name in keyof Terms]: Terms[Name] extends number
    ? number | bigint
    : Terms[Name] extends bigint
      ? bigint
      : Hex
}

const termsOf = (struct: TermsStruct): Terms => ({
  tenant: address(struct.tenant),
  host: address(struct.host),
  signer: address(struct.signer),
  deployment: hash(struct.deployment),
  instance: hash(struct.instance),
  epoch: Number(struct.epoch),
  previous: hash(struct.previous),
  manifest: hash(struct.manifest),
  observers: hash(struct.observers),
  rate: rate(struct.rate),
  extraMax: tokenAmount(struct.extraMax),
  bond: tokenAmount(struct.bond),
  quitFee: tokenAmount(struct.quitFee),
  reportFee: tokenAmount(struct.reportFee),
  committed: Number(struct.committed),
  bidExpiry: Number(struct.bidExpiry),
  minimum: Number(struct.minimum),
  silence: Number(struct.silence),
  window: Number(struct.window),
  answerIn: Number(struct.answerIn),
})

const settlement = (args: { ack: number; toHost: bigint; toTenant: bigint }) => ({
  ack: args.ack,
  toHost: tokenAmount(args.toHost),
  toTenant: tokenAmount(args.toTenant),
})

const limitsOf = (limits: { cap: bigint; maxRate: bigint; cooldown: number; expiry: number }) => ({
  cap: tokenAmount(limits.cap),
  maxRate: rate(limits.maxRate),
  cooldown: limits.cooldown,
  expiry: limits.expiry,
})

const amount = (value: bigint): TokenAmount => tokenAmount(value)

const decodeLeases = ({ data, topics }: Log) => {
  const [signature, ...rest] = topics
  if (signature === undefined) return malformed('a log without a topic')
  return decodeEventLog({ abi: leasesAbi, data, topics: [signature, ...rest] })
}

/** What a log of the `Leases` contract says. Throws when the contract has no such event. */
export const decodeLeasesEvent = (log: Log): LeasesEvent => {
  const event = decodeLeases(log)
  switch (event.eventName) {
    case 'Deposited':
      return {
        kind: 'Deposited',
        account: address(event.args.account),
        amount: amount(event.args.amount),
      }
    case 'Withdrawn': {
      const { account, to } = event.args
      return {
        kind: 'Withdrawn',
        account: address(account),
        to: address(to),
        amount: amount(event.args.amount),
      }
    }
    case 'OperatorSet': {
      const { account, key, allowed } = event.args
      return { kind: 'OperatorSet', account: address(account), key: address(key), allowed }
    }
    case 'Authorized': {
      const { tenant, delegate, deployment, limits } = event.args
      return {
        kind: 'Authorized',
        tenant: address(tenant),
        delegate: address(delegate),
        deployment: hash(deployment),
        limits: limitsOf(limits),
      }
    }
    case 'EIP712DomainChanged':
      return malformed(event.eventName)
    default:
      return decodeLeaseEvent(event)
  }
}

type LeaseEventLog = Exclude<
  ReturnType<typeof decodeLeases>,
  { eventName: 'Deposited' | 'Withdrawn' | 'OperatorSet' | 'Authorized' | 'EIP712DomainChanged' }
>

const decodeLeaseEvent = (event: LeaseEventLog): LeasesEvent => {
  const id = hash(event.args.id)
  switch (event.eventName) {
    case 'Opened': {
      const { terms, deposit, opened } = event.args
      return { kind: 'Opened', id, terms: termsOf(terms), deposit: amount(deposit), opened }
    }
    case 'ToppedUp':
      return { kind: 'ToppedUp', id, by: address(event.args.by), amount: amount(event.args.amount) }
    case 'Claimed': {
      const { ack, extra } = event.args
      return { kind: 'Claimed', id, ack, extra: amount(extra), amount: amount(event.args.amount) }
    }
    case 'Closed':
      return { kind: 'Closed', id, by: address(event.args.by), ...settlement(event.args) }
    case 'Quit':
      return { kind: 'Quit', id, ended: event.args.ended, fee: amount(event.args.fee) }
    case 'Reported':
      return { kind: 'Reported', id, by: address(event.args.by), at: event.args.reported }
    case 'Answered': {
      const { reported, ack, fee } = event.args
      const paid = amount(event.args.amount)
      return { kind: 'Answered', id, reported, ack, amount: paid, fee: amount(fee) }
    }
    case 'Resolved':
      return { kind: 'Resolved', id, absent: event.args.absent, ...settlement(event.args) }
    case 'Settled':
      return { kind: 'Settled', id, ...settlement(event.args) }
    case 'Skipped': {
      const refusal = refusalOfSelector(event.args.refusal)
      return { kind: 'Skipped', id, refusal: refusal ?? malformed(event.args.refusal) }
    }
  }
}

/** What a log of the `Hosts` contract says. */
export const decodeHostsEvent = ({ data, topics }: Log): HostsEvent => {
  const [signature, ...rest] = topics
  if (signature === undefined) return malformed('a log without a topic')
  const { args } = decodeEventLog({ abi: hostsAbi, data, topics: [signature, ...rest] })
  return {
    kind: 'announced',
    host: address(args.host),
    operator: address(args.operator),
    record: args.record,
  }
}
