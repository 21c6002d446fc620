import { decodeFunctionResult, encodeFunctionData, type Hex, hexToString } from 'viem'
import { ArtelError } from '#core/errors'
import { type Address, parseAddress } from '#core/ids'
import type { TokenInfo } from '#core/money'
import type { ChainInfo } from '#ports/chain'
import { leasesAbi, testTokenAbi } from './abi.generated.ts'
import { hexData, type Rpc, smallQuantity } from './rpc.ts'

/** Where the contracts of a network are. */
export type ContractAddresses = {
  readonly leases: Address
  readonly hosts: Address
  readonly token: Address
}

const hint = 'The network file and the rpcUrl belong to different networks, or the chain was reset.'

const call = (rpc: Rpc, to: Address, data: Hex, signal: AbortSignal): Promise<Hex> =>
  rpc.read('eth_call', [{ to, data }, 'latest'], hexData, signal)

const requireCode = async (rpc: Rpc, what: string, address: Address, signal: AbortSignal) => {
  const code = await rpc.read('eth_getCode', [address, 'latest'], hexData, signal)
  if (code === '0x') {
    throw new ArtelError('wrong-chain', `there is no ${what} contract at ${address}`, { hint })
  }
}

/** The symbol and decimals of a token; old tokens give their symbol as 32 bytes. */
export const readTokenInfo = async (
  rpc: Rpc,
  token: Address,
  signal: AbortSignal,
): Promise<TokenInfo> => {
  const abi = testTokenAbi
  const [symbolData, decimalsData] = await Promise.all([
    call(rpc, token, encodeFunctionData({ abi, functionName: 'symbol' }), signal),
    call(rpc, token, encodeFunctionData({ abi, functionName: 'decimals' }), signal),
  ])
  try {
    const symbol =
      symbolData.length === 66
        ? hexToString(symbolData).replaceAll('\0', '')
        : decodeFunctionResult({ abi, functionName: 'symbol', data: symbolData })
    const decimals = decodeFunctionResult({ abi, functionName: 'decimals', data: decimalsData })
    return { symbol: symbol.slice(0, 16), decimals }
  } catch (cause) {
    throw new ArtelError('wrong-chain', `${token} is no ERC-20 token`, { cause, hint })
  }
}

/** Checks that the endpoint serves this chain and these contracts. Throws 'wrong-chain'. */
export const verifyContracts = async (
  rpc: Rpc,
  chainId: number,
  contracts: ContractAddresses,
  signal: AbortSignal,
): Promise<ChainInfo> => {
  const { leases, hosts, token } = contracts
  const served = await rpc.read('eth_chainId', [], smallQuantity, signal)
  if (served !== chainId) {
    throw new ArtelError('wrong-chain', `the endpoint serves chain ${served}, not ${chainId}`, {
      hint,
    })
  }
  await Promise.all([
    requireCode(rpc, 'Leases', leases, signal),
    requireCode(rpc, 'Hosts', hosts, signal),
    requireCode(rpc, 'token', token, signal),
  ])
  const abi = leasesAbi
  const tokenData = await call(
    rpc,
    leases,
    encodeFunctionData({ abi, functionName: 'token' }),
    signal,
  )
  const fixed = parseAddress(`0x${tokenData.slice(-40)}`)
  if (fixed !== token) {
    throw new ArtelError(
      'wrong-chain',
      `Leases at ${leases} takes the token ${fixed}, not ${token}`,
      { hint },
    )
  }
  const tokenInfo = await readTokenInfo(rpc, token, signal)
  return { chainId, leases, hosts, token, tokenInfo }
}
