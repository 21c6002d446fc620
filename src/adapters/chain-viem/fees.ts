import { ArtelError } from '#core/errors'
import type { Blocks } from './blocks.ts'
import { quantity, type Rpc } from './rpc.ts'

export type Fees = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }

/** What a transaction offers per gas, raised by `factor` for a replacement. */
export type FeeMarket = { readonly fees: (factor: number, signal: AbortSignal) => Promise<Fees> }

/** A quote serves for this long: base fees move by an eighth a block, and we offer twice the last one. */
const quoteMs = 5000
const defaultTipWei = 1_000_000_000n
const oneHundredthGwei = 10_000_000n

const scaled = (wei: bigint, factor: number): bigint =>
  (wei * BigInt(Math.ceil(factor * 1000)) + 999n) / 1000n

export const createFeeMarket = (
  rpc: Rpc,
  blocks: Pick<Blocks, 'latest'>,
  feeMaxWei: bigint,
): FeeMarket => {
  let quote: { readonly atMs: number; readonly base: bigint; readonly tip: bigint } | undefined
  const refresh = async (signal: AbortSignal) => {
    const [block, tip] = await Promise.all([
      blocks.latest(signal),
      rpc.ask('eth_maxPriorityFeePerGas', [], signal),
    ])
    const parsed = quantity.safeParse(tip.ok ? tip.result : undefined)
    const asked = parsed.success ? parsed.data : defaultTipWei
    return {
      atMs: performance.now(),
      base: block.baseFeeWei ?? 0n,
      tip: asked < oneHundredthGwei ? oneHundredthGwei : asked,
    }
  }
  return {
    fees: async (factor, signal) => {
      if (quote === undefined || performance.now() - quote.atMs > quoteMs) {
        quote = await refresh(signal)
      }
      const maxFeePerGas = scaled(2n * quote.base + quote.tip, factor)
      const maxPriorityFeePerGas = scaled(quote.tip, factor)
      if (maxFeePerGas <= feeMaxWei) return { maxFeePerGas, maxPriorityFeePerGas }
      // Above the owner's cap the transaction waits for cheaper times rather than paying any price.
      if (feeMaxWei < quote.tip) {
        throw new ArtelError(
          'gas',
          `the chain asks for ${quote.tip} wei per gas, the cap is ${feeMaxWei}`,
        )
      }
      const tip = maxPriorityFeePerGas < feeMaxWei ? maxPriorityFeePerGas : feeMaxWei
      return { maxFeePerGas: feeMaxWei, maxPriorityFeePerGas: tip }
    },
  }
}
