import { decodeFunctionResult, encodeEventTopics, encodeFunctionData, type Hex } from 'viem'
import { z } from 'zod'
import { ArtelError } from '#core/errors'
import { type Address, type LeaseId, parseAddress } from '#core/ids'
import type { LeaseRecord, LeaseStatus } from '#core/lease'
import { tokenAmount } from '#core/money'
import type { Terms } from '#core/terms'
import { leasesAbi } from './abi.generated.ts'
import { decodeLeasesEvent } from './decode-event.ts'
import { hash, hexData, type Rpc } from './rpc.ts'

/** Status of the contract's enum; 0 means that no such lease was opened. */
const statuses: readonly (LeaseStatus | undefined)[] = [
  undefined,
  'running',
  'reported',
  'ended',
  'settled',
]

const logSchema = z.object({ data: hexData, topics: z.array(hash).max(4) })
const rememberedMax = 4096

/**
 * Reads leases: the contract stores a few numbers under the id, the terms are in the event of its opening,
 * which is searched for once and then remembered (a bounded number of them).
 */
export const createLeaseReader = (rpc: Rpc, leases: Address, fromBlock: number) => {
  const remembered = new Map<LeaseId, Terms>()
  const remember = (id: LeaseId, terms: Terms): void => {
    remembered.set(id, terms)
    const [oldest] = remembered.keys()
    if (remembered.size > rememberedMax && oldest !== undefined) remembered.delete(oldest)
  }

  const termsOf = async (id: LeaseId, signal: AbortSignal): Promise<Terms> => {
    const known = remembered.get(id)
    if (known !== undefined) return known
    const topics = encodeEventTopics({ abi: leasesAbi, eventName: 'Opened', args: { id } })
    const filter = {
      address: leases,
      topics,
      fromBlock: `0x${fromBlock.toString(16)}`,
      toBlock: 'latest',
    }
    const [log] = await rpc.read('eth_getLogs', [filter], z.array(logSchema).max(8), signal)
    const event = log === undefined ? undefined : decodeLeasesEvent(log)
    if (event?.kind !== 'Opened') {
      throw new ArtelError('unavailable', `the chain does not tell the terms of lease ${id}`, {
        hint: 'The endpoint limits searches for old events: use one that keeps the whole history.',
      })
    }
    remember(id, event.terms)
    return event.terms
  }

  const call = async (data: Hex, signal: AbortSignal): Promise<Hex> =>
    rpc.read('eth_call', [{ to: leases, data }, 'latest'], hexData, signal)

  const read = async (id: LeaseId, signal: AbortSignal): Promise<LeaseRecord | undefined> => {
    const abi = leasesAbi
    const [leaseData, reportData] = await Promise.all([
      call(encodeFunctionData({ abi, functionName: 'lease', args: [id] }), signal),
      call(encodeFunctionData({ abi, functionName: 'reportOf', args: [id] }), signal),
    ])
    const { service, purse } = decodeFunctionResult({ abi, functionName: 'lease', data: leaseData })
    const status = statuses[service.status]
    if (status === undefined) return undefined
    const terms = await termsOf(id, signal)
    const report = decodeFunctionResult({ abi, functionName: 'reportOf', data: reportData })
    const by = parseAddress(report.by)
    return {
      id,
      terms,
      status,
      opened: service.opened,
      deposit: tokenAmount(service.deposit),
      bondLeft: tokenAmount(purse.bondLeft),
      ack: service.ack,
      extra: tokenAmount(purse.extra),
      ...(service.ended === 0 ? {} : { ended: service.ended }),
      quit: purse.quit,
      ...(report.reported === 0 || by === undefined
        ? {}
        : {
            report: { at: report.reported, block: report.blockNumber, by, fee: terms.reportFee },
          }),
    }
  }
  return { read }
}
