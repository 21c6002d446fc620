import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const binary = fileURLToPath(new URL('../../bin/artel', import.meta.url))
const callTimeoutMs = 120_000

export type Outcome = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly output: Buffer
}

export type Running = {
  readonly pid: number
  readonly kill: (signal: NodeJS.Signals) => void
  readonly write: (bytes: Buffer | string) => void
  readonly end: () => void
  /** Resolves when what has been printed so far (both streams) matches; rejects when the command ends first. */
  readonly until: (pattern: RegExp) => Promise<void>
  readonly done: Promise<Outcome>
}

/** A local cloud of its own in a temporary folder, driven by the real command line. */
export type Cloud = {
  readonly home: string
  readonly artel: (args: readonly string[], input?: Buffer | string) => Promise<Outcome>
  /** The same, and the answer parsed; throws when the command fails. */
  readonly json: (args: readonly string[]) => Promise<unknown>
  readonly start: (args: readonly string[], options?: { readonly terminal?: boolean }) => Running
  readonly up: (hosts: number) => Promise<void>
  readonly down: () => Promise<void>
}

export const createCloud = (): Cloud => {
  const directory = mkdtempSync(join(tmpdir(), 'artel-e2e-'))
  const home = join(directory, 'home')
  const env = { ...process.env, ARTEL_HOME: home }
  const children = new Set<Running>()

  const start: Cloud['start'] = (args, options = {}) => {
    const quoted = [binary, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
    const [program, ...rest] =
      options.terminal === true
        ? ['script', '--quiet', '--return', '--flush', '--command', quoted, '/dev/null']
        : [binary, ...args]
    const child = spawn(program ?? binary, rest, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    const watchers = new Set<() => void>()
    const heard = (parts: Buffer[]) => (chunk: Buffer) => {
      parts.push(chunk)
      for (const watcher of watchers) watcher()
    }
    child.stdout.on('data', heard(stdout))
    child.stderr.on('data', heard(stderr))
    child.stdin.on('error', () => undefined)
    const timer = setTimeout(() => child.kill('SIGKILL'), callTimeoutMs)
    const done = new Promise<Outcome>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        clearTimeout(timer)
        children.delete(running)
        const output = Buffer.concat(stdout)
        resolve({
          code,
          signal,
          output,
          stdout: output.toString(),
          stderr: Buffer.concat(stderr).toString(),
        })
      })
    })
    const said = (): string => Buffer.concat([...stdout, ...stderr]).toString()
    const running: Running = {
      pid: child.pid ?? 0,
      kill: (signal) => void child.kill(signal),
      write: (bytes) => void child.stdin.write(bytes),
      end: () => void child.stdin.end(),
      done,
      until: (pattern) =>
        new Promise<void>((resolve, reject) => {
          const check = (): void => {
            if (!pattern.test(said())) return
            watchers.delete(check)
            resolve()
          }
          watchers.add(check)
          check()
          void done.then(() => reject(new Error(`ended before ${pattern}: ${said()}`)), reject)
        }),
    }
    children.add(running)
    return running
  }

  const artel: Cloud['artel'] = (args, input) => {
    const running = start(args)
    if (input !== undefined) running.write(input)
    running.end()
    return running.done
  }

  const succeed = async (args: readonly string[]): Promise<Outcome> => {
    const outcome = await artel(args)
    if (outcome.code !== 0) {
      throw new Error(`artel ${args.join(' ')}: exit ${outcome.code}\n${outcome.stderr}`)
    }
    return outcome
  }

  return {
    home,
    artel,
    start,
    json: async (args) => JSON.parse((await succeed([...args, '--json'])).stdout),
    up: async (hosts) => {
      await succeed(['local', 'up', '--hosts', String(hosts)])
    },
    down: async () => {
      for (const child of children) child.kill('SIGKILL')
      const result = spawnSync(binary, ['local', 'down'], { env, encoding: 'utf8' })
      rmSync(directory, { recursive: true, force: true })
      if (result.status !== 0) throw new Error(`artel local down: ${result.stderr}`)
    },
  }
}
