import { readFile } from 'node:fs/promises'
import { defineCommand } from '#cli/command'
import { textFlag } from '#cli/flags/flag'
import { UsageError } from '#cli/flags/usage-error'
import { out, printJson } from '#cli/print'
import { readPassword } from './read-password.ts'

export const command = defineCommand({
  usage: 'wallet import [flags] FILE',
  summary:
    'Make the key in a file (hexadecimal or a keystore) the key of the node; keeps the old one',
  examples: ['artel wallet import artel-key.json'],
  flags: {
    'password-file': textFlag('FILE', 'File with the password of a keystore (default: ask)'),
  },
  args: { min: 1, max: 1 },
  run: async (context, flags, [source = '']) => {
    const content = await readFile(source, 'utf8').catch((error: Error) => {
      throw new UsageError(`cannot read the key file: ${error.message}`)
    })
    const locked = content.trimStart().startsWith('{')
    const password = locked
      ? await readPassword(flags['password-file'], 'Password of the keystore: ')
      : undefined
    const { importKey } = await import('#node/wallet-file')
    const { home } = context
    const done = await importKey(
      password === undefined ? { home, source } : { home, source, password },
    )
    if (context.json) await printJson(done)
    else {
      await out(`The node is ${done.address} now.\n`)
      if (done.keptAs !== undefined) await out(`The old key is kept as ${done.keptAs}\n`)
    }
    return 0
  },
})
