import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createTestClient, type Hex, http, publicActions, walletActions } from 'viem'
import { foundry } from 'viem/chains'

const startTimeoutMs = 20_000
const callTimeoutMs = 20_000
const gasPerCall = 8_000_000n
const weiPerAccount = 10n ** 24n

const clientOf = (port: number) =>
  createTestClient({
    chain: foundry,
    mode: 'anvil',
    transport: http(`http://127.0.0.1:${port}`, { batch: { wait: 0 }, timeout: callTimeoutMs }),
    pollingInterval: 20,
    cacheTime: 0,
  })
    .extend(publicActions)
    .extend(walletActions)

export type TestClient = ReturnType<typeof clientOf>

/** A throwaway anvil that accepts transactions of any account without a signature. */
export type TestChain = { readonly client: TestClient; readonly stop: () => Promise<void> }

const listeningPort = async (anvil: ChildProcess): Promise<number> => {
  if (anvil.stdout === null) throw new Error('anvil has no output')
  const lines = createInterface({ input: anvil.stdout })
  const found = new Promise<number>((resolve, reject) => {
    anvil.once('exit', (code) => reject(new Error(`anvil ended with ${code} before it listened`)))
    lines.on('line', (line) => {
      const port = /^Listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
  })
  const deadline = AbortSignal.timeout(startTimeoutMs)
  const late = once(deadline, 'abort').then(() => Promise.reject(new Error('anvil does not start')))
  return Promise.race([found, late])
}

export const startTestChain = async (genesisSeconds: number): Promise<TestChain> => {
  const binary = join(import.meta.dirname, '../../../node_modules/.bin/anvil')
  const flags = ['--port', '0', '--auto-impersonate', '--base-fee', '0', '--gas-price', '0']
  const anvil = spawn(binary, [...flags, '--timestamp', `${genesisSeconds}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = () => void anvil.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async () => {
    process.removeListener('exit', kill)
    if (anvil.exitCode !== null || anvil.signalCode !== null) return
    const ended = once(anvil, 'exit')
    kill()
    await ended
  }
  try {
    return { client: clientOf(await listeningPort(anvil)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export const endow = (client: TestClient, address: Hex): Promise<void> =>
  client.setBalance({ address, value: weiPerAccount })

/** Sends `data` in a block of its own at the given time, after `blocks - 1` empty ones; the receipt tells how it went. */
export const sendAt = async (
  client: TestClient,
  transaction: { readonly from: Hex; readonly to?: Hex; readonly data: Hex },
  time: { readonly nowSeconds: number; readonly blocks: number },
) => {
  if (time.blocks > 1) await client.mine({ blocks: time.blocks - 1, interval: 0 })
  await client.setNextBlockTimestamp({ timestamp: BigInt(time.nowSeconds) })
  const { from: account, to, data } = transaction
  const hash = await client.sendTransaction({
    account,
    chain: null,
    to: to ?? null,
    data,
    gas: gasPerCall,
    gasPrice: 0n,
  })
  return client.waitForTransactionReceipt({ hash, timeout: callTimeoutMs })
}
