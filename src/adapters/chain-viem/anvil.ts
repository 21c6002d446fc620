import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ArtelError } from '#core/errors'
import { bytesOfHex } from '#protocol/eip712'

/** The key of anvil's first account, which every anvil endows: worthless anywhere else. */
export const anvilKey: Uint8Array = bytesOfHex(
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
)
export const anvilChainId = 31_337

export type AnvilOptions = {
  /** Holds state.json, anvil.pid and anvil.log; made when missing. */
  readonly directory: string
  readonly port: number
  /** The chain outlives this process. */
  readonly detached?: boolean
  readonly chainId?: number
  /** Seconds between blocks while no transaction comes; with one, a block comes at once. */
  readonly blockSeconds?: number
  /** Keeps every old state in memory, which reorganisations on demand need. */
  readonly keepHistory?: boolean
}

export type Anvil = {
  readonly rpcUrl: string
  readonly pid: number
  /** Lets it write its state and end. Idempotent. */
  readonly stop: () => Promise<void>
}

const readyMs = 15_000
const stopMs = 10_000
/** The state file grows by about 1 KiB a block: 4 s make 20 MiB a day of an idle chain. */
const blockSecondsDefault = 4

const binaryPath = (): string => {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const name = `@foundry-rs/anvil-${process.platform}-${arch}`
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/anvil`)
  } catch (cause) {
    throw new ArtelError('unsupported', `anvil is not installed (${name})`, {
      cause,
      hint: 'Run npm ci with optional dependencies, or use another chain.',
    })
  }
}

const refuseTakenPort = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (cause) =>
      reject(
        new ArtelError('conflict', `port ${port} for the chain is taken`, {
          cause,
          hint: `Stop what listens on 127.0.0.1:${port}, or choose another port.`,
        }),
      ),
    )
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()))
  })

const answers = async (rpcUrl: string): Promise<boolean> => {
  try {
    const response = await fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}',
      signal: AbortSignal.timeout(1000),
    })
    await response.arrayBuffer()
    return response.ok
  } catch {
    // Not listening yet: the caller asks again until its time is over.
    return false
  }
}

const hasExited = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null

const waitUntilReady = async (child: ChildProcess, rpcUrl: string, log: string): Promise<void> => {
  const deadline = performance.now() + readyMs
  while (!(await answers(rpcUrl))) {
    if (hasExited(child) || performance.now() > deadline) {
      const tail = (await readFile(log, 'utf8')).trim().split('\n').slice(-5).join('\n')
      const what = hasExited(child) ? 'ended at once' : `did not answer within ${readyMs} ms`
      throw new ArtelError('unavailable', `anvil ${what}: ${tail}`, { hint: `Read ${log}.` })
    }
    await sleep(25)
  }
}

const exited = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (hasExited(child)) resolve()
    else child.once('exit', () => resolve())
  })

const end = async (child: ChildProcess): Promise<void> => {
  if (hasExited(child)) return
  child.kill('SIGTERM')
  const given = new AbortController()
  const late = sleep(stopMs, 'late', { signal: given.signal, ref: false }).catch(() => 'over')
  const outcome = await Promise.race([exited(child), late])
  given.abort()
  if (outcome !== 'late') return
  child.kill('SIGKILL')
  await exited(child)
}

const argumentsOf = (options: AnvilOptions): readonly string[] => [
  ...['--host', '127.0.0.1', '--port', String(options.port)],
  ...['--chain-id', String(options.chainId ?? anvilChainId)],
  ...['--state', join(options.directory, 'state.json'), '--state-interval', '1'],
  ...['--block-time', String(options.blockSeconds ?? blockSecondsDefault), '--mixed-mining'],
  ...(options.keepHistory === true ? [] : ['--prune-history']),
]

/**
 * Starts a development chain that survives restarts: a transaction is included at once, and blocks come
 * without one too, so that chain time follows real time. Throws 'conflict' (port taken), 'unavailable'
 * (it ended or stays silent), 'unsupported' (no anvil for this platform).
 */
export const startAnvil = async (options: AnvilOptions): Promise<Anvil> => {
  const { directory, port, detached = false } = options
  const binary = binaryPath()
  await refuseTakenPort(port)
  await mkdir(directory, { recursive: true })
  const log = join(directory, 'anvil.log')
  const pidFile = join(directory, 'anvil.pid')
  const output = await open(log, 'w')
  const child = spawn(binary, argumentsOf(options), {
    stdio: ['ignore', output.fd, output.fd],
    detached,
  })
  try {
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  } finally {
    await output.close()
  }
  const stop = async (): Promise<void> => {
    await end(child)
    await rm(pidFile, { force: true })
  }
  try {
    const rpcUrl = `http://127.0.0.1:${port}`
    await writeFile(pidFile, `${child.pid}\n`)
    await waitUntilReady(child, rpcUrl, log)
    if (detached) child.unref()
    return { rpcUrl, pid: child.pid ?? 0, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
