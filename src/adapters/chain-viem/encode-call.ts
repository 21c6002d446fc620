import { encodeFunctionData } from 'viem'
import type { Address, Hex } from '#core/ids'
import type { LeasesCall } from '#core/leases-state'
import type { Terms } from '#core/terms'
import type { ChainCall, ChainInfo } from '#ports/chain'
import { hostsAbi, leasesAbi, testTokenAbi } from './abi.generated.ts'

export type EncodedCall = { readonly to: Address; readonly data: Hex; readonly value: bigint }

type Contracts = Pick<ChainInfo, 'leases' | 'hosts' | 'token'>

const struct = (terms: Terms) => ({ ...terms, epoch: BigInt(terms.epoch) })

type Bare = 'claimSilent' | 'close' | 'quit' | 'report' | 'resolve' | 'settle'

const bare = (functionName: Bare, terms: Terms): Hex =>
  encodeFunctionData({ abi: leasesAbi, functionName, args: [struct(terms)] })

const encodeSigned = (
  call: Extract<LeasesCall, { kind: 'open' | 'claim' | 'answer' | 'resolveAbsent' }>,
): Hex => {
  const abi = leasesAbi
  const terms = struct(call.terms)
  switch (call.kind) {
    case 'open':
      return encodeFunctionData({
        abi,
        functionName: 'open',
        args: [terms, call.deposit, call.signature],
      })
    case 'claim':
      return encodeFunctionData({
        abi,
        functionName: 'claim',
        args: [terms, call.until, call.extra, call.signature],
      })
    case 'answer':
      return encodeFunctionData({ abi, functionName: 'answer', args: [terms, call.signature] })
    case 'resolveAbsent':
      return encodeFunctionData({
        abi,
        functionName: 'resolveAbsent',
        args: [terms, call.from, BigInt(call.quorum), call.observers, call.signatures],
      })
  }
}

const encodeLeases = (call: LeasesCall): Hex => {
  const abi = leasesAbi
  switch (call.kind) {
    case 'deposit':
      return encodeFunctionData({ abi, functionName: 'deposit', args: [call.amount] })
    case 'withdraw':
      return encodeFunctionData({ abi, functionName: 'withdraw', args: [call.to, call.amount] })
    case 'setOperator':
      return encodeFunctionData({
        abi,
        functionName: 'setOperator',
        args: [call.key, call.allowed],
      })
    case 'authorize':
      return encodeFunctionData({
        abi,
        functionName: 'authorize',
        args: [call.delegate, call.deployment, call.limits],
      })
    case 'topUp':
      return encodeFunctionData({
        abi,
        functionName: 'topUp',
        args: [struct(call.terms), call.amount],
      })
    case 'open':
    case 'claim':
    case 'answer':
    case 'resolveAbsent':
      return encodeSigned(call)
    case 'claimSilent':
    case 'close':
    case 'quit':
    case 'report':
    case 'resolve':
    case 'settle':
      return bare(call.kind, call.terms)
    case 'claimBatch': {
      const items = call.items.map((item) => ({ ...item, terms: struct(item.terms) }))
      return encodeFunctionData({ abi, functionName: 'claimBatch', args: [items] })
    }
    case 'settleBatch':
      return encodeFunctionData({
        abi,
        functionName: 'settleBatch',
        args: [call.items.map(struct)],
      })
  }
}

/** What a transaction that makes the call is sent to and carries. */
export const encodeCall = (call: ChainCall, { leases, hosts, token }: Contracts): EncodedCall => {
  const value = 0n
  switch (call.kind) {
    case 'approve': {
      const args = [leases, call.amount] as const
      return {
        to: token,
        value,
        data: encodeFunctionData({ abi: testTokenAbi, functionName: 'approve', args }),
      }
    }
    case 'mint': {
      const args = [call.to, call.amount] as const
      return {
        to: token,
        value,
        data: encodeFunctionData({ abi: testTokenAbi, functionName: 'mint', args }),
      }
    }
    case 'announce': {
      const args = [call.operator, call.record] as const
      return {
        to: hosts,
        value,
        data: encodeFunctionData({ abi: hostsAbi, functionName: 'announce', args }),
      }
    }
    case 'transferGas':
      return { to: call.to, value: call.wei, data: '0x' }
    default:
      return { to: leases, value, data: encodeLeases(call) }
  }
}
