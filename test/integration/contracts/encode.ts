import { encodeFunctionData, type Hex } from 'viem'
import { leasesAbi } from '#adapters/chain-viem/abi.generated'
import type { LeasesCall } from '#core/leases-state'
import type { Terms } from '#core/terms'

const abi = leasesAbi

const wide = (terms: Terms) => ({ ...terms, epoch: BigInt(terms.epoch) })

const ofTerms = (
  functionName: 'claimSilent' | 'close' | 'quit' | 'report' | 'resolve' | 'settle',
  terms: Terms,
): Hex => encodeFunctionData({ abi, functionName, args: [wide(terms)] })

const ofVault = (
  call: Extract<LeasesCall, { kind: 'deposit' | 'withdraw' | 'setOperator' | 'authorize' }>,
): Hex => {
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
  }
}

/** The calldata of a call of the specification. */
export const encodeCall = (call: LeasesCall): Hex => {
  switch (call.kind) {
    case 'open': {
      const args = [wide(call.terms), call.deposit, call.signature] as const
      return encodeFunctionData({ abi, functionName: 'open', args })
    }
    case 'topUp':
      return encodeFunctionData({
        abi,
        functionName: 'topUp',
        args: [wide(call.terms), call.amount],
      })
    case 'claim': {
      const args = [wide(call.terms), call.until, call.extra, call.signature] as const
      return encodeFunctionData({ abi, functionName: 'claim', args })
    }
    case 'answer': {
      const args = [wide(call.terms), call.signature] as const
      return encodeFunctionData({ abi, functionName: 'answer', args })
    }
    case 'resolveAbsent': {
      const { terms, from, quorum, observers, signatures } = call
      const args = [wide(terms), from, BigInt(quorum), observers, signatures] as const
      return encodeFunctionData({ abi, functionName: 'resolveAbsent', args })
    }
    case 'claimBatch': {
      const items = call.items.map((item) => ({ ...item, terms: wide(item.terms) }))
      return encodeFunctionData({ abi, functionName: 'claimBatch', args: [items] })
    }
    case 'settleBatch':
      return encodeFunctionData({ abi, functionName: 'settleBatch', args: [call.items.map(wide)] })
    case 'claimSilent':
    case 'close':
    case 'quit':
    case 'report':
    case 'resolve':
    case 'settle':
      return ofTerms(call.kind, call.terms)
    default:
      return ofVault(call)
  }
}
