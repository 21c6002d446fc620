import { z } from 'zod'
import { ArtelError } from '#core/errors'
import { type Address, type Hash32, type Hex, zeroHash } from '#core/ids'
import { balanceOf, keyOf, speaksFor } from '#core/lease-vault'
import { tokenAmount } from '#core/money'
import { blocksPerQueryMax, type Chain, type SignedTransaction } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Signer } from '#ports/signer'
import { chainCallSchema } from '#protocol/chain-call'
import { addressText } from '#protocol/codecs'
import { bytesOfHex, hexOfBytes, keccak256 } from '#protocol/eip712'
import { feeOf } from './chain-block.ts'
import type { MemoryTransaction } from './chain-mempool.ts'
import { execute, gasOf, type LedgerState } from './chain-state.ts'
import type { MemoryLedgerWorld } from './chain-world.ts'

export type MemoryChainOptions = {
  /** The node's own clock, which a crash revokes. */
  readonly clock: Clock
  /** One way to the endpoint. */
  readonly latencyMs?: number
  /** How long an unreachable endpoint keeps a caller waiting. */
  readonly timeoutMs?: number
}

/** One node's view of a simulated chain, which can be cut off. */
export type MemoryChain = Chain & { readonly setReachable: (reachable: boolean) => void }

const transactionSchema = z.strictObject({
  sender: addressText,
  call: chainCallSchema,
  nonce: z.number().int().nonnegative(),
  gas: z.string().regex(/^\d+$/),
  feeFactor: z.number().min(1),
})

const latencyMsDefault = 20
const timeoutMsDefault = 2000

const utf8 = new TextEncoder()

const encode = (transaction: Omit<MemoryTransaction, 'hash'>): { hash: Hash32; raw: Hex } => {
  const { gas, ...plain } = transaction
  const json = JSON.stringify(z.encode(transactionSchema, { ...plain, gas: gas.toString() }))
  const bytes = utf8.encode(json)
  return { hash: keccak256(bytes), raw: hexOfBytes(bytes) }
}

const decode = ({ hash, raw }: SignedTransaction): MemoryTransaction => {
  const json = JSON.parse(new TextDecoder().decode(bytesOfHex(raw)))
  const { gas, ...plain } = z.decode(transactionSchema, json)
  return { ...plain, gas: BigInt(gas), hash }
}

/** Goes to the endpoint and back, failing where it is out of reach on the way. */
const createLine = ({
  clock,
  latencyMs = latencyMsDefault,
  timeoutMs = timeoutMsDefault,
}: MemoryChainOptions) => {
  let reachable = true
  const cross = async (signal: AbortSignal): Promise<void> => {
    await clock.sleep(reachable ? latencyMs : timeoutMs, signal)
    if (!reachable) throw new ArtelError('unavailable', 'the chain does not answer')
  }
  return {
    setReachable: (now: boolean): void => {
      reachable = now
    },
    ask: async <T>(signal: AbortSignal, answer: () => T): Promise<T> => {
      await cross(signal)
      const result = answer()
      await cross(signal)
      return result
    },
  }
}

type Line = ReturnType<typeof createLine>

const createReads = (world: MemoryLedgerWorld, line: Line) => {
  const read = <T>(signal: AbortSignal, of: (state: LedgerState) => T): Promise<T> =>
    line.ask(signal, () => of(world.state()))
  return {
    head: (signal) => line.ask(signal, world.head),
    block: (number, signal) => line.ask(signal, () => world.block(number)?.ref),
    events: (from, to, signal) => {
      if (to - from >= blocksPerQueryMax) {
        throw new ArtelError('bad-request', `${to - from + 1} blocks at once`)
      }
      return line.ask(signal, () => {
        const numbers = Array.from(
          { length: Math.max(0, to - from + 1) },
          (_, index) => from + index,
        )
        return numbers.flatMap((number) => world.block(number)?.events ?? [])
      })
    },
    lease: (id, signal) => read(signal, (state) => state.leases.leases.get(id)),
    current: (key, signal) =>
      read(signal, (state) => state.leases.current.get(keyOf(key)) ?? zeroHash),
    balance: (account, signal) => read(signal, (state) => balanceOf(state.leases, account)),
    tokenBalance: (account, signal) =>
      read(signal, (state) => tokenAmount(state.tokens.get(account) ?? 0n)),
    allowance: (account, signal) =>
      read(signal, (state) => tokenAmount(state.allowances.get(account) ?? 0n)),
    gasBalanceWei: (account, signal) => read(signal, (state) => state.gasWei.get(account) ?? 0n),
    nonce: (account, signal) => read(signal, (state) => state.nonces.get(account) ?? 0),
    isOperator: (account, key, signal) =>
      read(signal, ({ leases }) => key !== account && speaksFor(leases, key, account)),
    transaction: (hash, signal) => line.ask(signal, () => world.transaction(hash)),
  } satisfies Partial<Chain>
}

const refuse = (outcome: 'nonce too low' | 'underpriced'): never => {
  throw outcome === 'underpriced'
    ? new ArtelError('busy', 'the chain wants a higher fee for this nonce')
    : new ArtelError('conflict', 'another transaction has used this nonce')
}

/** Connects a node to the chain of a simulated world; transactions are signed as `signer`. */
export const connectMemoryChain = (
  world: MemoryLedgerWorld,
  signer: Pick<Signer, 'address'>,
  options: MemoryChainOptions,
): MemoryChain => {
  const { clock, latencyMs = latencyMsDefault } = options
  const line = createLine(options)
  const reads = createReads(world, line)

  const affordable = (state: LedgerState, sender: Address, gas: bigint, factor: number): boolean =>
    (state.gasWei.get(sender) ?? 0n) >= feeOf(gas, factor)

  return {
    info: world.info,
    setReachable: line.setReachable,
    ...reads,
    heads: async function* (signal) {
      let last: Hash32 | undefined
      while (true) {
        const head = await reads.head(signal)
        if (head.hash !== last) yield head
        last = head.hash
        await clock.sleep(world.nextBlockInMs() + latencyMs, signal)
      }
    },
    outlook: (call, from, signal) =>
      line.ask(signal, () => {
        const { number, timestampSeconds } = world.head()
        const nowSeconds = Math.max(timestampSeconds, Math.floor(clock.nowMs() / 1000))
        const env = { sender: from, nowSeconds, blockNumber: number + 1 }
        const execution = execute(world.state(), call, env, world.contract)
        return execution.ok
          ? { ok: true, gas: gasOf(call) }
          : { ok: false, refusal: execution.refusal }
      }),
    sign: async (call, { nonce, gas, feeFactor }) => {
      const { hash, raw } = encode({ sender: signer.address, call, nonce, gas, feeFactor })
      return { hash, raw, nonce }
    },
    broadcast: (signed, signal) =>
      line.ask(signal, () => {
        const transaction = decode(signed)
        if (world.transaction(transaction.hash).status !== 'unknown') return
        const { sender, gas, feeFactor } = transaction
        if (!affordable(world.state(), sender, gas, feeFactor)) {
          throw new ArtelError('gas', 'the account cannot pay for the gas of a transaction')
        }
        const outcome = world.accept(transaction)
        if (outcome !== 'accepted') refuse(outcome)
      }),
  }
}
