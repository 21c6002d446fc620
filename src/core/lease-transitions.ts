import type { Address } from './ids.ts'
import {
  amountMax,
  answerOverdue,
  conceded,
  endOf,
  exhausted,
  type LeaseRecord,
  owed,
  paid,
  type Report,
  statusAt,
} from './lease.ts'
import type { LeasesEnv, LeasesEvent, Settlement } from './lease-calls.ts'
import { type Refused, refused } from './lease-refusal.ts'
import { noTokens, type TokenAmount, tokenAmount } from './money.ts'

export type Payment = { readonly to: Address; readonly amount: TokenAmount }

/** One lease moved one step: its new record, what leaves escrow for whom, and what is told. */
export type Step = {
  readonly ok: true
  readonly lease: LeaseRecord
  readonly payments: readonly Payment[]
  readonly events: readonly LeasesEvent[]
}

const larger = (a: TokenAmount, b: TokenAmount): TokenAmount => (a > b ? a : b)
const smaller = (a: TokenAmount, b: TokenAmount): TokenAmount => (a < b ? a : b)

/** Moves payment forward to `until` and `extra`; tells what that costs. */
const advance = (lease: LeaseRecord, until: number, extra: TokenAmount) => {
  const ack = Math.max(lease.ack, until)
  const most = larger(lease.extra, smaller(extra, lease.terms.extraMax))
  const amount = tokenAmount(owed(lease, ack, most) - paid(lease))
  return { lease: { ...lease, ack, extra: most }, amount }
}

/** Pays the host for service until `until` and for `extra`. */
const pay = (from: LeaseRecord, until: number, extra: TokenAmount): Step => {
  const { lease, amount } = advance(from, until, extra)
  return {
    ok: true,
    lease,
    payments: [{ to: lease.terms.host, amount }],
    events: [{ kind: 'Claimed', id: lease.id, ack: lease.ack, extra: lease.extra, amount }],
  }
}

/** Ends an open report in the host's favour: it gets the reporter's fee and is paid until `until`. */
const dismiss = (from: LeaseRecord, report: Report, until: number): Step => {
  const { lease, amount } = advance(from, until, from.extra)
  const { id, ack } = lease
  const { fee } = report
  return {
    ok: true,
    lease: { ...lease, status: lease.ended === undefined ? 'running' : 'ended' },
    payments: [{ to: lease.terms.host, amount: tokenAmount(amount + fee) }],
    events: [{ kind: 'Answered', id, reported: report.at, ack, amount, fee }],
  }
}

const followedBy = (first: Step, second: Step): Step => ({
  ok: true,
  lease: second.lease,
  payments: [...first.payments, ...second.payments],
  events: [...first.events, ...second.events],
})

const openReport = (lease: LeaseRecord): Report | undefined =>
  lease.status === 'reported' ? lease.report : undefined

/** Divides all that escrow holds: service until `ack` to the host, the bond as told, the rest to the tenant. */
const settleAt = (
  lease: LeaseRecord,
  env: LeasesEnv,
  ack: number,
  bondTo: 'host' | 'tenant',
  event: (settlement: Settlement) => LeasesEvent,
): Step => {
  const due = owed(lease, ack, lease.extra)
  const tail = due - paid(lease)
  const rest = lease.deposit - due
  const toHost = tokenAmount(bondTo === 'host' ? tail + lease.bondLeft : tail)
  const toTenant = tokenAmount(bondTo === 'host' ? rest : rest + lease.bondLeft)
  const report = openReport(lease)
  return {
    ok: true,
    lease: {
      ...lease,
      status: 'settled',
      ack,
      bondLeft: noTokens,
      ended: lease.ended ?? env.nowSeconds,
    },
    payments: [
      { to: lease.terms.host, amount: toHost },
      { to: lease.terms.tenant, amount: toTenant },
      ...(report === undefined ? [] : [{ to: report.by, amount: report.fee }]),
    ],
    events: [event({ ack, toHost, toTenant })],
  }
}

/** Pays by a receipt whose signature was checked; one newer than an open report dismisses it. */
export const claim = (
  lease: LeaseRecord,
  env: LeasesEnv,
  until: number,
  extra: TokenAmount,
): Step | Refused => {
  if (lease.status === 'settled') return refused('WrongStatus')
  if (until > endOf(lease, env.nowSeconds)) return refused('UntilAfterEnd')
  const step = pay(lease, until, extra)
  const report = openReport(lease)
  if (report === undefined || until <= report.at) return step
  return followedBy(step, dismiss(step.lease, report, until))
}

/** Pays without a receipt for what lies more than the window back. */
export const claimSilent = (lease: LeaseRecord, env: LeasesEnv): Step | Refused => {
  if (lease.status === 'settled' || lease.status === 'reported') return refused('WrongStatus')
  const matured = env.nowSeconds - lease.terms.window
  return pay(lease, Math.min(endOf(lease, env.nowSeconds), matured), lease.extra)
}

export const topUp = (lease: LeaseRecord, env: LeasesEnv, amount: TokenAmount): Step | Refused => {
  if (statusAt(lease, env.nowSeconds) !== 'running') return refused('WrongStatus')
  if (lease.deposit + amount > amountMax) return refused('OutOfRange')
  return {
    ok: true,
    lease: { ...lease, deposit: tokenAmount(lease.deposit + amount) },
    payments: [],
    events: [{ kind: 'ToppedUp', id: lease.id, by: env.sender, amount }],
  }
}

/** A party ends the lease and concedes service through now: nothing stays open. */
export const close = (lease: LeaseRecord, env: LeasesEnv): Step | Refused => {
  if (lease.status === 'settled' || lease.status === 'reported') return refused('WrongStatus')
  return settleAt(lease, env, conceded(lease, env.nowSeconds), 'host', (settlement) => ({
    kind: 'Closed',
    id: lease.id,
    by: env.sender,
    ...settlement,
  }))
}

const answerReport = (lease: LeaseRecord, env: LeasesEnv, report: Report): Step =>
  dismiss(lease, report, Math.min(report.at, endOf(lease, env.nowSeconds)))

/** The host ends the lease; an open report is answered by it. Early, it costs the quit fee. */
export const quit = (lease: LeaseRecord, env: LeasesEnv): Step | Refused => {
  const now = env.nowSeconds
  const status = statusAt(lease, now)
  if (status !== 'running' && status !== 'reported') return refused('WrongStatus')
  const report = openReport(lease)
  const answered = report === undefined ? undefined : answerReport(lease, env, report)
  const from = answered?.lease ?? lease
  const serving = from.ended === undefined && now < exhausted(from)
  const fee = serving && now < lease.terms.committed ? lease.terms.quitFee : noTokens
  const ended = from.ended ?? now
  return {
    ok: true,
    lease: {
      ...from,
      status: 'ended',
      ended,
      quit: from.quit || serving,
      bondLeft: tokenAmount(from.bondLeft - fee),
    },
    payments: [...(answered?.payments ?? []), { to: lease.terms.tenant, amount: fee }],
    events: [...(answered?.events ?? []), { kind: 'Quit', id: lease.id, ended, fee }],
  }
}

/** A party stakes the report fee on the host's silence. */
export const report = (lease: LeaseRecord, env: LeasesEnv): Step | Refused => {
  const { terms } = lease
  const now = env.nowSeconds
  if (lease.status === 'settled' || lease.status === 'reported') return refused('WrongStatus')
  const end = endOf(lease, now)
  // From `end + window` on the tail is due to the host: a late report must not take its bond.
  const tailDue = statusAt(lease, now) === 'ended' && now >= end + terms.window
  if (lease.ack >= end || tailDue) return refused('NothingToReport')
  if (now < lease.ack + terms.silence) return refused('NotSilent')
  return {
    ok: true,
    lease: {
      ...lease,
      status: 'reported',
      report: { at: now, block: env.blockNumber, by: env.sender, fee: terms.reportFee },
    },
    payments: [],
    events: [{ kind: 'Reported', id: lease.id, by: env.sender, at: now }],
  }
}

/** A sign of life of the host, whose caller or signature was checked. */
export const answer = (lease: LeaseRecord, env: LeasesEnv): Step | Refused => {
  const open = openReport(lease)
  if (open === undefined) return refused('WrongStatus')
  if (answerOverdue(lease.terms, open, env.nowSeconds, env.blockNumber)) {
    return refused('AnswerTooLate')
  }
  return answerReport(lease, env, open)
}

/** Nobody answered: the host loses its bond and the last window of service. */
export const resolve = (lease: LeaseRecord, env: LeasesEnv): Step | Refused => {
  const open = openReport(lease)
  if (open === undefined) return refused('WrongStatus')
  if (!answerOverdue(lease.terms, open, env.nowSeconds, env.blockNumber))
    return refused('AnswerDue')
  const known = Math.min(open.at, endOf(lease, env.nowSeconds)) - lease.terms.window
  return settleAt(lease, env, Math.max(lease.ack, known), 'tenant', (settlement) => ({
    kind: 'Resolved',
    id: lease.id,
    absent: false,
    ...settlement,
  }))
}

/** A quorum of observers, whose signatures were checked, saw the host absent since `from`. */
export const resolveAbsent = (lease: LeaseRecord, env: LeasesEnv, from: number): Step | Refused => {
  if (lease.status === 'settled') return refused('WrongStatus')
  if (from < lease.opened || from >= endOf(lease, env.nowSeconds)) return refused('OutsideLease')
  return settleAt(lease, env, Math.max(lease.ack, from), 'tenant', (settlement) => ({
    kind: 'Resolved',
    id: lease.id,
    absent: true,
    ...settlement,
  }))
}

/** The tail of an ended lease goes to the host once it is acknowledged or the window has passed. */
export const settle = (lease: LeaseRecord, env: LeasesEnv): Step | Refused => {
  const now = env.nowSeconds
  if (statusAt(lease, now) !== 'ended') return refused('WrongStatus')
  const end = endOf(lease, now)
  if (lease.ack < end && now < end + lease.terms.window) return refused('TailPending')
  return settleAt(lease, env, end, 'host', (settlement) => ({
    kind: 'Settled',
    id: lease.id,
    ...settlement,
  }))
}
