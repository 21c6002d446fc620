import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const artelPath = fileURLToPath(new URL('../../../bin/artel', import.meta.url))

export type Ended = {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
  /** Standard output as text. */
  readonly text: string
}

export type Spawned = {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ended>
  /** Resolves when standard output or error holds `text`. */
  readonly says: (text: string) => Promise<void>
}

type Options = {
  readonly home: string
  readonly env?: Record<string, string>
  readonly cwd?: string
}

/** Starts bin/artel as a shell would. */
export const startArtel = (args: readonly string[], { home, env = {}, cwd }: Options): Spawned => {
  const child = spawn(artelPath, args, {
    env: { ...process.env, ARTEL_HOME: home, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  const stdout: Buffer[] = []
  let said = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  const heard = (chunk: Buffer) => {
    said += chunk.toString('latin1')
    for (const check of waiting) check()
  }
  child.stdout.on('data', (chunk: Buffer) => {
    stdout.push(chunk)
    heard(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8')
    heard(chunk)
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      const all = Buffer.concat(stdout)
      resolve({ code, stdout: all, stderr, text: all.toString('utf8') })
    })
  })
  return {
    child,
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!said.includes(text)) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
        child.on('close', () => reject(new Error(`artel ended before it said ${text}: ${said}`)))
      }),
  }
}

/** Runs bin/artel to its end; `input` becomes its standard input. */
export const artel = (
  args: readonly string[],
  options: Options & { readonly input?: string | Uint8Array },
): Promise<Ended> => {
  const { child, ended } = startArtel(args, options)
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input)
  return ended
}
