import { keccak256 } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { z } from 'zod'
import { ArtelError } from '#core/errors'
import { type Hash32, type Hex, parseHash32 } from '#core/ids'
import type { Chain, ChainInfo, TransactionState } from '#ports/chain'
import type { Blocks } from './blocks.ts'
import { encodeCall } from './encode-call.ts'
import type { FeeMarket } from './fees.ts'
import { refusalIn } from './refusal.ts'
import { account, hash, hexData, quantity, type Rpc, smallQuantity } from './rpc.ts'

const receiptSchema = z.object({
  blockHash: hash,
  blockNumber: smallQuantity,
  status: z.enum(['0x0', '0x1']),
  gasUsed: quantity,
  effectiveGasPrice: quantity.optional(),
})
const sentSchema = z.object({
  from: account,
  to: account.nullable(),
  input: hexData,
  value: quantity,
  gas: quantity,
})

type Parts = {
  readonly rpc: Rpc
  readonly blocks: Blocks
  readonly market: FeeMarket
  readonly info: ChainInfo
  readonly privateKey: Hex
}

export type Transactions = Pick<Chain, 'sign' | 'broadcast' | 'transaction'>

/** Replays a failed transaction on the state before and after its block: good enough to name the refusal. */
const refusalOf = async (
  rpc: Rpc,
  transaction: Hash32,
  block: number,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const sent = await rpc.read(
    'eth_getTransactionByHash',
    [transaction],
    sentSchema.nullable(),
    signal,
  )
  if (sent === null) return undefined
  const { from, to, input: data, value, gas } = sent
  const call = { from, to, data, value: hexOf(value), gas: hexOf(gas) }
  for (const at of [hexOf(BigInt(block)), hexOf(BigInt(block - 1)), 'latest']) {
    const answer = await rpc.ask('eth_call', [call, at], signal)
    const refusal = answer.ok ? undefined : refusalIn(answer)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

const hexOf = (value: bigint): Hex => `0x${value.toString(16)}`

const isKnown = (message: string): boolean =>
  /already (known|imported|in the pool)|known transaction/i.test(message)
const isSpent = (message: string): boolean =>
  /nonce.*(too low|already|used)|OldNonce/i.test(message)
const isPoor = (message: string): boolean =>
  /insufficient funds|insufficient balance/i.test(message)
const isCheap = (message: string): boolean =>
  /underpriced|fee too low|max fee per gas less/i.test(message)

/** Why the endpoint takes no transaction, as an error the caller can act on. */
const rejection = (message: string): ArtelError => {
  if (isPoor(message)) {
    return new ArtelError('gas', 'the account cannot pay for the gas of a transaction', {
      hint: 'Send it some of the chain’s own currency.',
    })
  }
  if (isSpent(message)) {
    return new ArtelError('conflict', 'another transaction has used this nonce')
  }
  if (isCheap(message)) {
    return new ArtelError('busy', 'the chain wants a higher fee for this nonce')
  }
  return new ArtelError('unavailable', `the chain takes no transaction: ${message.slice(0, 200)}`)
}

export const createTransactions = ({
  rpc,
  blocks,
  market,
  info,
  privateKey,
}: Parts): Transactions => {
  const signer = privateKeyToAccount(privateKey)

  const receiptOf = (transaction: Hash32, signal: AbortSignal) =>
    rpc.read('eth_getTransactionReceipt', [transaction], receiptSchema.nullable(), signal)

  const transaction: Transactions['transaction'] = async (id, signal) => {
    const receipt = await receiptOf(id, signal)
    if (receipt === null) {
      const sent = await rpc.read('eth_getTransactionByHash', [id], z.unknown(), signal)
      return { status: sent === null ? 'unknown' : 'pending' }
    }
    const { blockHash, blockNumber, gasUsed } = receipt
    const block = await blocks.byHash(blockHash, signal)
    const feeWei = gasUsed * (receipt.effectiveGasPrice ?? 0n)
    const included = { status: 'included', block, gasUsed, feeWei } as const
    if (receipt.status === '0x1') return { ...included, succeeded: true }
    const refusal = await refusalOf(rpc, id, blockNumber, signal)
    return {
      ...included,
      succeeded: false,
      ...(refusal === undefined ? {} : { refusal }),
    } satisfies TransactionState
  }

  return {
    transaction,
    sign: async (call, { nonce, gas, feeFactor }, signal) => {
      const fees = await market.fees(feeFactor, signal)
      const raw = await signer.signTransaction({
        ...encodeCall(call, info),
        ...fees,
        type: 'eip1559',
        chainId: info.chainId,
        nonce,
        gas,
      })
      const id = parseHash32(keccak256(raw))
      if (id === undefined) throw new ArtelError('internal', 'a hash is no hash')
      return { hash: id, raw, nonce }
    },
    broadcast: async (signed, signal) => {
      const answer = await rpc.ask('eth_sendRawTransaction', [signed.raw], signal)
      if (answer.ok || isKnown(answer.message)) return
      if (isSpent(answer.message) && (await receiptOf(signed.hash, signal)) !== null) return
      throw rejection(answer.message)
    },
  }
}
