import { defineCommand } from '#cli/command'
import { switchFlag, textFlag, textsFlag } from '#cli/flags/flag'
import { UsageError } from '#cli/flags/usage-error'
import { err } from '#cli/print'
import { parseEnvFile, resolveEnv } from '#cli/text/env-file'
import { plain } from '#cli/text/table'
import { converse } from './converse.ts'

export const command = defineCommand({
  usage: 'exec [flags] RUN COMMAND [ARG...]',
  summary: 'Start another program in a running container',
  examples: ['artel exec -it web sh', 'artel exec -e DEBUG=1 -w /srv web ./migrate'],
  flags: {
    interactive: switchFlag('Keep stdin open', 'i'),
    tty: switchFlag('Give the program a terminal', 't'),
    env: textsFlag('NAME[=VALUE]', 'Set an environment variable', { short: 'e' }),
    'env-file': textsFlag('FILE', 'Read environment variables from a file'),
    workdir: textFlag('DIR', 'Working directory in the container', { short: 'w' }),
    user: textFlag('NAME|UID[:GID]', 'User to run as', { short: 'u' }),
  },
  args: { min: 2 },
  stopAtFirst: true,
  run: async (context, flags, [name = '', ...words]) => {
    if (flags.tty && flags.interactive && process.stdin.isTTY !== true) {
      throw new UsageError('the input device is not a TTY')
    }
    const env: string[] = []
    for (const file of flags['env-file']) {
      const { readFile } = await import('node:fs/promises')
      env.push(...parseEnvFile(await readFile(file, 'utf8'), file, process.env))
    }
    for (const text of flags.env) env.push(...[resolveEnv(text, process.env) ?? []].flat())
    const { workdir, user } = flags
    const client = await context.client()
    const session = await client.runs.exec(name, {
      command: words,
      env,
      tty: flags.tty,
      openStdin: flags.interactive,
      ...(workdir === undefined ? {} : { workdir }),
      ...(user === undefined ? {} : { user }),
    })
    const end = await converse(session, { tty: flags.tty, stdin: flags.interactive })
    if (end.kind === 'detached') return 0
    const { reason, message, exitCode } = end.exit
    if (reason !== undefined) await err(`artel: ${plain(message ?? reason)}\n`)
    return exitCode
  },
})
