import type { AppliedCall } from '#adapters/memory/chain-state'
import type { Address } from '#core/ids'
import type { LeasesEvent } from '#core/leases-state'
import type { Checker } from './checker.ts'

type Flow = { readonly account: Address; readonly change: bigint }

/** What an event says about balances in the vault. */
const flowsOf = ({ before, after }: AppliedCall, event: LeasesEvent): readonly Flow[] => {
  const lease = 'id' in event ? after.leases.get(event.id) : undefined
  const flow = (account: Address | undefined, change: bigint): readonly Flow[] =>
    account === undefined ? [] : [{ account, change }]
  switch (event.kind) {
    case 'Deposited':
      return flow(event.account, event.amount)
    case 'Withdrawn':
      return flow(event.account, -event.amount)
    case 'Opened':
      return [
        ...flow(event.terms.tenant, -event.deposit),
        ...flow(event.terms.host, -event.terms.bond),
      ]
    case 'ToppedUp':
      return flow(event.by, -event.amount)
    case 'Claimed':
      return flow(lease?.terms.host, event.amount)
    case 'Closed':
    case 'Settled':
    case 'Resolved': {
      const was = before.leases.get(event.id)
      const stake = was?.status === 'reported' ? was.report : undefined
      return [
        ...flow(lease?.terms.host, event.toHost),
        ...flow(lease?.terms.tenant, event.toTenant),
        ...flow(stake?.by, stake?.fee ?? 0n),
      ]
    }
    case 'Quit':
      return flow(lease?.terms.tenant, event.fee)
    case 'Reported':
      return flow(event.by, -(lease?.terms.reportFee ?? 0n))
    case 'Answered':
      return flow(lease?.terms.host, event.fee)
    default:
      return []
  }
}

/** Everybody's balance changes by what the events say: whoever follows them knows where the money is. */
export const createEventsTellMoney = (): Checker => ({
  name: 'events-tell-money',
  onCall: (applied) => {
    const expected = new Map<string, bigint>()
    for (const event of applied.events) {
      for (const { account, change } of flowsOf(applied, event)) {
        expected.set(account, (expected.get(account) ?? 0n) + change)
      }
    }
    for (const [account, balance] of applied.after.balances.entries()) {
      const change = balance - (applied.before.balances.get(account) ?? 0n)
      const told = expected.get(account) ?? 0n
      if (change !== told) {
        return `${applied.call.kind} changed the balance of ${account} by ${change}, its events say ${told}`
      }
    }
    return undefined
  },
})
