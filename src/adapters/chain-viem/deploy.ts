import { setTimeout as sleep } from 'node:timers/promises'
import { encodeDeployData, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { Address } from '#core/ids'
import type { ChainInfo } from '#ports/chain'
import { hexOfBytes } from '#protocol/eip712'
import {
  hostsAbi,
  hostsBytecode,
  leasesAbi,
  leasesBytecode,
  testTokenAbi,
  testTokenBytecode,
} from './abi.generated.ts'
import { createBlocks } from './blocks.ts'
import { createFeeMarket } from './fees.ts'
import { account, hash, openRpc, type Rpc, smallQuantity } from './rpc.ts'
import { verifyContracts } from './verify-contracts.ts'

export type DeployOptions = {
  readonly rpcUrl: string
  /** 32 bytes; pays for the deployment. */
  readonly privateKey: Uint8Array
  /** The ERC-20 that leases are paid in; a test token that everybody may mint when none is given. */
  readonly tokenAddress?: Address
}

export type Deployed = ChainInfo & {
  /** The block before which no event can be. */
  readonly fromBlock: number
}

const inclusionMs = 120_000
const deploymentMs = 300_000
const timeoutMs = 10_000
const feeMaxWei = 500_000_000_000n

const receiptSchema = z.object({
  status: z.enum(['0x0', '0x1']),
  contractAddress: account.nullable(),
})

const waitForContract = async (rpc: Rpc, id: string, signal: AbortSignal): Promise<Address> => {
  const deadline = performance.now() + inclusionMs
  for (let pauseMs = 5; performance.now() < deadline; pauseMs = Math.min(2 * pauseMs, 2000)) {
    const receipt = await rpc.read(
      'eth_getTransactionReceipt',
      [id],
      receiptSchema.nullable(),
      signal,
    )
    if (receipt?.status === '0x1' && receipt.contractAddress !== null)
      return receipt.contractAddress
    if (receipt !== null) throw new ArtelError('reverted', `the deployment ${id} failed`)
    await sleep(pauseMs, undefined, { signal })
  }
  throw new ArtelError('timeout', `the deployment ${id} is not included after ${inclusionMs} ms`)
}

/** Puts the contracts on a chain. Throws 'gas' when the account cannot pay, 'unavailable', 'timeout', 'reverted'. */
export const deployContracts = async (
  options: DeployOptions,
  signal: AbortSignal = AbortSignal.timeout(deploymentMs),
): Promise<Deployed> => {
  const rpc = openRpc(options.rpcUrl, timeoutMs, signal)
  const blocks = createBlocks(rpc, 1000)
  const market = createFeeMarket(rpc, blocks, feeMaxWei)
  const signer = privateKeyToAccount(hexOfBytes(options.privateKey))
  const chainId = await rpc.read('eth_chainId', [], smallQuantity, signal)
  const { ref } = await blocks.latest(signal)

  const deploy = async (data: Hex): Promise<Address> => {
    const gas = await rpc.ask('eth_estimateGas', [{ from: signer.address, data }], signal)
    const estimate = gas.ok ? smallQuantity.safeParse(gas.result) : undefined
    if (estimate?.success !== true) {
      throw new ArtelError(
        'reverted',
        `the chain would not deploy: ${gas.ok ? gas.result : gas.message}`,
      )
    }
    const nonce = await rpc.read(
      'eth_getTransactionCount',
      [signer.address, 'pending'],
      smallQuantity,
      signal,
    )
    const raw = await signer.signTransaction({
      type: 'eip1559',
      chainId,
      nonce,
      data,
      gas: BigInt(Math.ceil(estimate.data * 1.1)),
      ...(await market.fees(1, signal)),
    })
    const sent = await rpc.ask('eth_sendRawTransaction', [raw], signal)
    if (sent.ok) return waitForContract(rpc, hash.parse(sent.result), signal)
    const code = /insufficient funds/i.test(sent.message) ? 'gas' : 'unavailable'
    throw new ArtelError(
      code,
      `the chain takes no deployment of ${signer.address}: ${sent.message}`,
    )
  }

  const token =
    options.tokenAddress ??
    (await deploy(encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode })))
  const leases = await deploy(
    encodeDeployData({ abi: leasesAbi, bytecode: leasesBytecode, args: [token] }),
  )
  const hosts = await deploy(encodeDeployData({ abi: hostsAbi, bytecode: hostsBytecode }))
  const info = await verifyContracts(rpc, chainId, { token, leases, hosts }, signal)
  return { ...info, fromBlock: ref.number }
}
