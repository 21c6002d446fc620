import { spawn } from 'node:child_process'
import { ArtelError } from '#core/errors'

/** How many characters of a command's output are kept for its error message. */
const tailChars = 4000

export type CommandResult = {
  readonly code: number
  readonly stdout: string
  /** The last lines of stderr, for a message. */
  readonly stderr: string
}

export type CommandOptions = {
  readonly timeoutMs: number
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a program to its end and returns what it said; throws 'timeout' and kills it after `timeoutMs`. */
export const runCommand = (
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    })
    let stdout = ''
    let stderr = ''
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, options.timeoutMs)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout = (stdout + text).slice(-tailChars * 16)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-tailChars)
    })
    child.once('error', (cause) => {
      clearTimeout(timer)
      reject(new ArtelError('unavailable', `cannot run ${program}: ${cause.message}`, { cause }))
    })
    child.once('close', (code) => {
      clearTimeout(timer)
      if (late) reject(new ArtelError('timeout', `${program} took over ${options.timeoutMs} ms`))
      else resolve({ code: code ?? 1, stdout, stderr })
    })
  })

/** Runs a program that must succeed; throws 'internal' with its last words when it does not. */
export const mustRun = async (
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> => {
  const result = await runCommand(program, args, options)
  if (result.code === 0) return result.stdout
  const words = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-5).join('\n')
  throw new ArtelError('internal', `${program} ${args[0] ?? ''} failed (${result.code}): ${words}`)
}
