import assert from 'node:assert/strict'
import { encodeDeployData, encodeFunctionData, type Hex, maxUint256 } from 'viem'
import {
  leasesAbi,
  leasesBytecode,
  testTokenAbi,
  testTokenBytecode,
} from '#adapters/chain-viem/abi.generated'
import { type Address, parseAddress } from '#core/ids'
import { endow, sendAt, type TestClient } from './test-chain.ts'

export type Deployed = { readonly token: Address; readonly leases: Address }

const purse = 1_000_000_000n

const deploy = async (client: TestClient, from: Address, data: Hex, nowSeconds: number) => {
  const receipt = await sendAt(client, { from, data }, { nowSeconds, blocks: 1 })
  assert.equal(receipt.status, 'success')
  return parseAddress(receipt.contractAddress ?? '') ?? assert.fail('no contract was made')
}

export const deployContracts = async (
  client: TestClient,
  from: Address,
  nowSeconds: number,
): Promise<Deployed> => {
  await endow(client, from)
  const token = await deploy(
    client,
    from,
    encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode, args: [] }),
    nowSeconds,
  )
  const leases = await deploy(
    client,
    from,
    encodeDeployData({ abi: leasesAbi, bytecode: leasesBytecode, args: [token] }),
    nowSeconds + 1,
  )
  return { token, leases }
}

/** Gives every account gas, tokens, and an allowance for the vault. */
export const startMoney = async (
  client: TestClient,
  { token, leases }: Deployed,
  accounts: readonly Address[],
): Promise<void> => {
  for (const from of accounts) {
    await endow(client, from)
    const abi = testTokenAbi
    const calls = [
      encodeFunctionData({ abi, functionName: 'mint', args: [from, purse] }),
      encodeFunctionData({ abi, functionName: 'approve', args: [leases, maxUint256] }),
    ]
    for (const data of calls) {
      const { timestamp } = await client.getBlock()
      const nowSeconds = Number(timestamp) + 1
      const receipt = await sendAt(client, { from, to: token, data }, { nowSeconds, blocks: 1 })
      assert.equal(receipt.status, 'success')
    }
  }
}
