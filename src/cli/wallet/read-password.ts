import { readFile } from 'node:fs/promises'
import { UsageError } from '#cli/flags/usage-error'
import { err } from '#cli/print'
import { enterRawMode } from '#cli/terminal/raw-mode'

const lengthMax = 1024

/** The password in `file`'s first line, or typed unseen on the terminal. Throws UsageError without either. */
export const readPassword = async (file: string | undefined, prompt: string): Promise<string> => {
  if (file !== undefined) {
    const content = await readFile(file, 'utf8').catch((error: Error) => {
      throw new UsageError(`cannot read the password file: ${error.message}`)
    })
    return content.split(/\r?\n/, 1)[0] ?? ''
  }
  if (process.stdin.isTTY !== true) {
    throw new UsageError('no terminal to ask for the password: use --password-file')
  }
  await err(prompt)
  const restore = enterRawMode(process.stdin)
  try {
    return await typed()
  } finally {
    restore()
    await err('\n')
  }
}

const typed = async (): Promise<string> => {
  let text = ''
  for await (const chunk of process.stdin) {
    for (const key of String(chunk)) {
      if (key === '\r' || key === '\n') return text
      if (key === '\x03' || key === '\x04') throw new UsageError('no password was given')
      if (key === '\x7f') text = text.slice(0, -1)
      else if (text.length < lengthMax) text += key
    }
  }
  return text
}
