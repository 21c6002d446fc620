import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryRecords } from '#adapters/memory/records'
import type { Address, Hash32 } from '#core/ids'
import type { LeaseRecord } from '#core/lease'
import type { LeasesEvent } from '#core/leases-state'
import { tokenAmount } from '#core/money'
import type { LoggedEvent } from '#ports/chain'
import { createWalletHistory } from './wallet-history.ts'

const account = `0x${'a'.repeat(40)}` as Address
const other = `0x${'b'.repeat(40)}` as Address
const id = `0x${'1'.repeat(64)}` as Hash32
const lease = { id, terms: { tenant: account, host: other } } as LeaseRecord

const logged = (event: LeasesEvent, number: number): LoggedEvent => ({
  event,
  block: { number, hash: id, parent: id, timestampSeconds: number },
  transaction: id,
  logIndex: 0,
})

const listening = () => {
  let tell: (one: LoggedEvent) => void = () => undefined
  let undo: (one: LoggedEvent) => void = () => undefined
  const history = createWalletHistory({
    records: createMemoryRecords(),
    account,
    follower: {
      lease: () => lease,
      onEvent: (handler) => {
        tell = handler
        return () => undefined
      },
      onUndone: (handler) => {
        undo = handler
        return () => undefined
      },
    },
  })
  return { history, tell: (one: LoggedEvent) => tell(one), undo: (one: LoggedEvent) => undo(one) }
}

const deposited = logged({ kind: 'Deposited', account, amount: tokenAmount(100n) }, 1)
const closed = logged(
  { kind: 'Closed', id, by: account, ack: 1, toHost: tokenAmount(3n), toTenant: tokenAmount(7n) },
  2,
)

test('changes of the own balance are listed, newest first', () => {
  const { history, tell } = listening()
  tell(deposited)
  tell(logged({ kind: 'Deposited', account: other, amount: tokenAmount(5n) }, 1))
  tell(closed)
  assert.deepEqual(
    history.entries().map(({ kind, change }) => [kind, change]),
    [
      ['refund', '7'],
      ['deposit', '100'],
    ],
  )
})

test('an event that is told twice counts once, one that is undone not at all', () => {
  const { history, tell, undo } = listening()
  tell(deposited)
  tell(deposited)
  assert.equal(history.entries().length, 1)
  undo(deposited)
  assert.deepEqual(history.entries(), [])
})
