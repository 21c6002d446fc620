import assert from 'node:assert/strict'
import { type Hex, parseEventLogs, type TransactionReceipt, toFunctionSelector } from 'viem'
import { leasesAbi } from '#adapters/chain-viem/abi.generated'
import type { Address } from '#core/ids'
import { endOf, type LeaseRecord, paid, statusAt } from '#core/lease'
import { balanceOf, keyOf } from '#core/lease-vault'
import type { LeasesEvent, LeasesState } from '#core/leases-state'
import type { TestClient } from './test-chain.ts'

const abi = leasesAbi
const statuses = ['none', 'running', 'reported', 'ended', 'settled']

const errors = abi.filter((item) => item.type === 'error')

const selectorOf = (refusal: string): Hex => {
  const error = errors.find((item) => item.name === refusal)
  assert.ok(error !== undefined, `the contract has no error ${refusal}`)
  return toFunctionSelector(`${error.name}(${error.inputs.map((input) => input.type).join()})`)
}

/** Values as text, so that numbers of either kind and addresses of any case compare. */
const plain = (value: unknown): unknown => {
  if (typeof value === 'bigint' || typeof value === 'number') return value.toString()
  if (typeof value === 'string') return value.toLowerCase()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

/** The arguments that the contract emits for an event of the specification. */
const argumentsOf = (event: LeasesEvent): object => {
  const { kind: _, ...fields } = event
  if (event.kind === 'Opened') {
    const { tenant, host } = event.terms
    return { ...fields, tenant, host }
  }
  if (event.kind === 'Reported') return { id: event.id, by: event.by, reported: event.at }
  if (event.kind === 'Skipped') return { id: event.id, refusal: selectorOf(event.refusal) }
  return fields
}

export const compareEvents = (
  leases: Hex,
  receipt: TransactionReceipt,
  events: readonly LeasesEvent[],
): void => {
  const own = receipt.logs.filter((log) => log.address.toLowerCase() === leases.toLowerCase())
  const logs = parseEventLogs({ abi, logs: own })
  assert.deepEqual(
    logs.map((log) => ({ kind: log.eventName, ...Object(plain(log.args)) })),
    events.map((event) => ({ kind: event.kind, ...Object(plain(argumentsOf(event))) })),
  )
}

export const compareBalances = async (
  client: TestClient,
  leases: Hex,
  accounts: readonly Address[],
  state: LeasesState,
): Promise<void> => {
  const read = accounts.map((account) =>
    client.readContract({ address: leases, abi, functionName: 'balance', args: [account] }),
  )
  assert.deepEqual(
    await Promise.all(read),
    accounts.map((account) => balanceOf(state, account)),
  )
}

const expectedRecord = (record: LeaseRecord, nowSeconds: number) => ({
  deposit: record.deposit,
  opened: record.opened,
  ack: record.ack,
  ended: record.ended ?? 0,
  epoch: record.terms.epoch,
  stored: record.status,
  extra: record.extra,
  bondLeft: record.bondLeft,
  quit: record.quit,
  status: statusAt(record, nowSeconds),
  end: endOf(record, nowSeconds),
  paid: paid(record),
  report: [record.report?.at ?? 0, record.report?.block ?? 0],
})

export const compareLease = async (
  client: TestClient,
  leases: Hex,
  record: LeaseRecord,
  state: LeasesState,
  nowSeconds: number,
): Promise<void> => {
  const { id } = record
  const terms = { ...record.terms, epoch: BigInt(record.terms.epoch) }
  const { tenant, deployment, instance } = record.terms
  const contract = { address: leases, abi } as const
  const [stored, report, derived, current] = await Promise.all([
    client.readContract({ ...contract, functionName: 'lease', args: [id] }),
    client.readContract({ ...contract, functionName: 'reportOf', args: [id] }),
    client.readContract({ ...contract, functionName: 'statusOf', args: [terms] }),
    client.readContract({
      ...contract,
      functionName: 'current',
      args: [tenant, deployment, instance],
    }),
  ])
  const [status, end, amount] = derived
  const { status: storedStatus, ...service } = stored.service
  const found = {
    ...service,
    ...stored.purse,
    stored: statuses[storedStatus],
    status: statuses[status],
    end,
    paid: amount,
    report: [report.reported, report.blockNumber],
  }
  assert.deepEqual(plain(found), plain(expectedRecord(record, nowSeconds)))
  assert.equal(current, state.current.get(keyOf(record.terms)))
}
