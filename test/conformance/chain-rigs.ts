import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { anvilKey, startAnvil } from '#adapters/chain-viem/anvil'
import { createViemChain } from '#adapters/chain-viem/chain'
import { deployContracts } from '#adapters/chain-viem/deploy'
import { createSystemClock } from '#adapters/clock-system/clock'
import { createSigner } from '#adapters/crypto-node/signer'
import { connectMemoryChain } from '#adapters/memory/chain'
import { createMemoryLedgerWorld } from '#adapters/memory/chain-world'
import type { Address } from '#core/ids'
import { tokenAmount } from '#core/money'
import type { Chain, ChainCall } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Signer } from '#ports/signer'

/** One chain with the contracts on it, and power over it. */
export type ChainRig = {
  /** The chain's time, for the components that run on it. */
  readonly clock: Clock
  readonly connect: (privateKey: Uint8Array) => Promise<Chain>
  /** Gives gas and 1000 tokens. */
  readonly fund: (account: Address) => Promise<void>
  /** Moves the chain's time, and makes blocks. */
  readonly pass: (seconds: number) => Promise<void>
  readonly reorganise: (depth: number) => Promise<void>
  /** While held, transactions wait. */
  readonly hold: (held: boolean) => Promise<void>
  /** Forgets the transactions that wait. */
  readonly dropWaiting: () => Promise<void>
  readonly close: () => Promise<void>
}

const purseWei = 10n ** 18n
export const purseTokens = tokenAmount(1_000_000_000n)
const signal = AbortSignal.timeout(300_000)

/** Sends one transaction and waits until it is included. */
export const sendOn = async (chain: Chain, signer: Signer, call: ChainCall) => {
  const outlook = await chain.outlook(call, signer.address, signal)
  if (!outlook.ok) throw new Error(`${call.kind}: ${outlook.refusal}`)
  const nonce = await chain.nonce(signer.address, signal)
  const gas = (outlook.gas * 13n) / 10n
  const signed = await chain.sign(call, { nonce, gas, feeFactor: 1 }, signal)
  await chain.broadcast(signed, signal)
  while (true) {
    const state = await chain.transaction(signed.hash, signal)
    if (state.status === 'included') return { signed, state }
  }
}

/** The simulated chain, on real time that can be moved. */
export const memoryRig = async (): Promise<ChainRig> => {
  const system = createSystemClock()
  let aheadMs = 0
  const clock: Clock = { ...system, nowMs: () => system.nowMs() + aheadMs }
  const world = createMemoryLedgerWorld({ clock, blockMs: 4000, instant: true })
  return {
    clock,
    connect: async (privateKey) =>
      connectMemoryChain(world, createSigner(privateKey), { clock, latencyMs: 0 }),
    fund: async (account) => world.fund(account, { gasWei: purseWei, tokens: purseTokens }),
    pass: async (seconds) => {
      aheadMs += seconds * 1000
      world.head()
    },
    reorganise: async (depth) => world.reorganise(depth),
    hold: async (held) => world.setFeeFloor(held ? 1000 : 0),
    dropWaiting: async () => world.dropWaiting(),
    close: async () => undefined,
  }
}

/** A port of this machine that nothing listens on. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0
      server.close(() => resolve(port))
    })
  })

const answerSchema = z.object({
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
})

const rpcOf =
  (rpcUrl: string) =>
  async (method: string, params: readonly unknown[] = []): Promise<unknown> => {
    const response = await fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(10_000),
    })
    const answer = answerSchema.parse(await response.json())
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`)
    return answer.result
  }

/** anvil with the real contracts. */
export const anvilRig = async (): Promise<ChainRig> => {
  const directory = await mkdtemp(join(tmpdir(), 'artel-chain-'))
  const anvil = await startAnvil({
    directory,
    port: await freePort(),
    blockSeconds: 60,
    keepHistory: true,
  })
  const { rpcUrl } = anvil
  const rpc = rpcOf(rpcUrl)
  // Out of mixed mining, in which anvil ignores that automining is turned off.
  await rpc('evm_setAutomine', [true])
  const contracts = await deployContracts({ rpcUrl, privateKey: anvilKey })
  const { chainId } = contracts
  const connect = (privateKey: Uint8Array) =>
    createViemChain({ rpcUrl, chainId, contracts, privateKey, pollMs: 20 }, signal)
  const bank = await connect(anvilKey)
  const banker = createSigner(anvilKey)
  return {
    clock: createSystemClock(),
    connect,
    fund: async (account) => {
      await sendOn(bank, banker, { kind: 'transferGas', to: account, wei: purseWei })
      await sendOn(bank, banker, { kind: 'mint', to: account, amount: purseTokens })
    },
    pass: async (seconds) => {
      await rpc('evm_increaseTime', [seconds])
      await rpc('anvil_mine', [`0x${Math.ceil(seconds / 4).toString(16)}`])
    },
    reorganise: async (depth) => void (await rpc('anvil_reorg', [depth, []])),
    hold: async (held) => void (await rpc('evm_setAutomine', [!held])),
    dropWaiting: async () => void (await rpc('anvil_dropAllTransactions')),
    close: async () => {
      await anvil.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
