import { execFile } from 'node:child_process'
import { ArtelError } from '#core/errors'

const commandMs = 20_000
/** How long a command waits for another that changes the rules. */
const lockSeconds = '10'

export type Family = 'iptables' | 'ip6tables'

export type CommandResult = { readonly ok: boolean; readonly said: string }

const execute = (
  program: string,
  args: readonly string[],
  input: string,
  signal: AbortSignal,
): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const options = { timeout: commandMs, signal, maxBuffer: 8 * 1024 * 1024 }
    const child = execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) return resolve({ ok: true, said: stdout })
      if (signal.aborted) return reject(signal.reason)
      // A number is the program's own refusal; anything else means that it did not run.
      if (typeof error.code === 'number') return resolve({ ok: false, said: stderr.trim() })
      reject(
        new ArtelError('unavailable', `cannot run ${program}: ${error.message}`, { cause: error }),
      )
    })
    // A program that ends without reading leaves a broken pipe; its exit code says why.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })

/** Runs iptables with its lock; a refusal is an answer, not an error. */
export const iptables = (
  family: Family,
  args: readonly string[],
  signal: AbortSignal,
): Promise<CommandResult> => execute(family, ['-w', lockSeconds, ...args], '', signal)

/** Runs iptables; throws 'unavailable' where it refuses. */
export const mustIptables = async (
  family: Family,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> => {
  const { ok, said } = await iptables(family, args, signal)
  if (ok) return said
  throw new ArtelError('unavailable', `${family} ${args.join(' ')}: ${said}`)
}

/** Replaces whole chains in one step. */
export const restoreChains = async (input: string, signal: AbortSignal): Promise<void> => {
  const args = ['-w', lockSeconds, '--noflush']
  const { ok, said } = await execute('iptables-restore', args, input, signal)
  if (!ok) throw new ArtelError('unavailable', `iptables-restore: ${said}`)
}
