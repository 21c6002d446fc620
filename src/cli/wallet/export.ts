import { defineCommand } from '#cli/command'
import { switchFlag, textFlag } from '#cli/flags/flag'
import { UsageError } from '#cli/flags/usage-error'
import { out } from '#cli/print'
import { readPassword } from './read-password.ts'

export const command = defineCommand({
  usage: 'wallet export [flags]',
  summary: 'Print the key of the node as an encrypted keystore that any wallet opens',
  examples: ['artel wallet export > artel-key.json', 'artel wallet export --password-file secret'],
  flags: {
    'password-file': textFlag('FILE', 'File with the password (default: ask)'),
    plain: switchFlag('Print the bare key: whoever reads it has the money'),
  },
  args: { min: 0, max: 0 },
  run: async (context, flags) => {
    if (flags.plain && flags['password-file'] !== undefined) {
      throw new UsageError('conflicting options: --plain and --password-file')
    }
    const password = flags.plain
      ? undefined
      : await readPassword(flags['password-file'], 'Password for the keystore: ')
    const { exportKey } = await import('#node/wallet-file')
    const { home } = context
    const text = await exportKey(password === undefined ? { home } : { home, password })
    await out(`${text.trimEnd()}\n`)
    return 0
  },
})
