import { toArtelError } from '#core/errors'
import type { Command } from './command.ts'
import { type Found, findCommand } from './commands.ts'
import { createContext } from './context.ts'
import { errorText } from './error-text.ts'
import { UsageError } from './flags/usage-error.ts'
import { err, isClosedPipe, out } from './print.ts'

/** As a shell reports a program that SIGPIPE ended. */
const closedPipeExit = 141

/** Runs one command line and returns the exit code. Here, and only here, errors become words for people. */
export const runCli = async (argv: readonly string[]): Promise<number> => {
  process.stdout.on('error', ignoreClosedPipe)
  process.stderr.on('error', ignoreClosedPipe)
  let command: Command | undefined
  let words = 'artel'
  try {
    const found: Found = findCommand(argv)
    words = found.words
    if (found.kind === 'text') {
      await out(found.text)
      return 0
    }
    command = await found.load()
    const invocation = command.read(found.argv)
    if (invocation.globals.help) {
      await out(invocation.help)
      return 0
    }
    return await invocation.run(createContext(invocation.globals))
  } catch (error) {
    if (isClosedPipe(error)) return closedPipeExit
    if (error instanceof UsageError) {
      await err(`artel: ${error.message}\nSee '${words} --help'.\n`)
      return command?.exitCodes.usage ?? (words === 'artel run' ? 125 : 2)
    }
    await err(errorText(toArtelError(error)))
    return command?.exitCodes.failure ?? 1
  }
}

/** `write` reports it to whoever printed. */
const ignoreClosedPipe = (error: Error): void => {
  if (!isClosedPipe(error)) throw error
}
