import { decodeFunctionResult, encodeFunctionData, type Hex } from 'viem'
import { ArtelError } from '#core/errors'
import { type Address, parseHash32 } from '#core/ids'
import { tokenAmount } from '#core/money'
import type { Chain, ChainInfo } from '#ports/chain'
import { hexOfBytes } from '#protocol/eip712'
import { leasesAbi, testTokenAbi } from './abi.generated.ts'
import { anvilChainId } from './anvil.ts'
import { createBlocks } from './blocks.ts'
import { encodeCall } from './encode-call.ts'
import { createFeeMarket } from './fees.ts'
import { createEventReader } from './read-events.ts'
import { createLeaseReader } from './read-lease.ts'
import { refusalIn } from './refusal.ts'
import { hexData, openRpc, quantity, type Rpc, smallQuantity } from './rpc.ts'
import { createTransactions } from './transactions.ts'
import { type ContractAddresses, verifyContracts } from './verify-contracts.ts'

export type ViemChainOptions = {
  /** http(s):// or ws(s)://. */
  readonly rpcUrl: string
  readonly chainId: number
  readonly contracts: ContractAddresses
  /** 32 bytes; signs transactions. */
  readonly privateKey: Uint8Array
  /** How often the newest block is asked for: 250 ms on a local chain, else 2 s. */
  readonly pollMs?: number
  readonly timeoutMs?: number
  /** The most that a transaction offers per gas: 500 gwei. */
  readonly feeMaxWei?: bigint
  /** The block of the contracts' deployment: no event is older. */
  readonly fromBlock?: number
}

const timeoutMsDefault = 10_000
const feeMaxWeiDefault = 500_000_000_000n

const createReads = (rpc: Rpc, { leases, token }: ChainInfo) => {
  const call = (to: Address, data: Hex, signal: AbortSignal): Promise<Hex> =>
    rpc.read('eth_call', [{ to, data }, 'latest'], hexData, signal)
  const uint = async (to: Address, data: Hex, signal: AbortSignal) =>
    tokenAmount(BigInt(await call(to, data, signal)))
  return {
    balance: (account, signal) => {
      const data = encodeFunctionData({ abi: leasesAbi, functionName: 'balance', args: [account] })
      return uint(leases, data, signal)
    },
    tokenBalance: (account, signal) => {
      const args = [account] as const
      const data = encodeFunctionData({ abi: testTokenAbi, functionName: 'balanceOf', args })
      return uint(token, data, signal)
    },
    allowance: (account, signal) => {
      const args = [account, leases] as const
      const data = encodeFunctionData({ abi: testTokenAbi, functionName: 'allowance', args })
      return uint(token, data, signal)
    },
    current: async ({ tenant, deployment, instance }, signal) => {
      const args = [tenant, deployment, instance] as const
      const data = encodeFunctionData({ abi: leasesAbi, functionName: 'current', args })
      const id = parseHash32(await call(leases, data, signal))
      if (id === undefined) throw new ArtelError('corrupt', 'current() is no 32 bytes')
      return id
    },
    isOperator: async (account, key, signal) => {
      const args = [account, key] as const
      const data = encodeFunctionData({ abi: leasesAbi, functionName: 'isOperator', args })
      const result = await call(leases, data, signal)
      return decodeFunctionResult({ abi: leasesAbi, functionName: 'isOperator', data: result })
    },
    gasBalanceWei: (account, signal) =>
      rpc.read('eth_getBalance', [account, 'latest'], quantity, signal),
    nonce: (account, signal) =>
      rpc.read('eth_getTransactionCount', [account, 'latest'], smallQuantity, signal),
  } satisfies Partial<Chain>
}

const createOutlook =
  (rpc: Rpc, info: ChainInfo): Chain['outlook'] =>
  async (call, from, signal) => {
    const { to, data, value } = encodeCall(call, info)
    const request = { from, to, data, value: `0x${value.toString(16)}` }
    // A local chain makes a block only every few seconds: `pending` is what its time is now.
    const at = info.chainId === anvilChainId ? 'pending' : 'latest'
    const answer = await rpc.ask('eth_estimateGas', [request, at], signal)
    if (answer.ok) {
      const gas = quantity.safeParse(answer.result)
      if (gas.success) return { ok: true, gas: gas.data }
      throw new ArtelError('corrupt', 'the chain estimates gas with something else')
    }
    const refusal = refusalIn(answer)
    if (refusal !== undefined) return { ok: false, refusal }
    throw new ArtelError(
      'unavailable',
      `the chain estimates no gas: ${answer.message.slice(0, 200)}`,
    )
  }

/**
 * The contracts on an EVM chain, through one endpoint. Throws 'wrong-chain' when the endpoint serves another
 * chain or the contracts are not there, 'unavailable' when it does not answer. `signal` ends its sockets.
 */
export const createViemChain = async (
  options: ViemChainOptions,
  signal: AbortSignal,
): Promise<Chain> => {
  const { chainId, contracts, fromBlock = 0 } = options
  const rpc = openRpc(options.rpcUrl, options.timeoutMs ?? timeoutMsDefault, signal)
  const info = await verifyContracts(rpc, chainId, contracts, signal)
  const pollMs = options.pollMs ?? (info.chainId === anvilChainId ? 250 : 2000)
  const blocks = createBlocks(rpc, pollMs)
  const market = createFeeMarket(rpc, blocks, options.feeMaxWei ?? feeMaxWeiDefault)
  const reader = createLeaseReader(rpc, info.leases, fromBlock)
  const events = createEventReader(rpc, blocks, info)
  return {
    info,
    ...createReads(rpc, info),
    ...createTransactions({
      rpc,
      blocks,
      market,
      info,
      privateKey: hexOfBytes(options.privateKey),
    }),
    head: async (head) => (await blocks.latest(head)).ref,
    block: blocks.byNumber,
    heads: blocks.heads,
    events,
    lease: reader.read,
    outlook: createOutlook(rpc, info),
  }
}
