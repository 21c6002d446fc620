import { defineCommand } from '#cli/command'
import { switchFlag } from '#cli/flags/flag'
import { UsageError } from '#cli/flags/usage-error'
import { err } from '#cli/print'
import { plain } from '#cli/text/table'
import { converse } from './converse.ts'
import { proxySignals } from './proxy-signals.ts'

export const command = defineCommand({
  usage: 'attach [flags] RUN',
  summary:
    'Join a run: what it has said so far, then its input and output; Ctrl-P Ctrl-Q leaves it',
  examples: ['artel attach web'],
  flags: {
    'no-stdin': switchFlag('Only listen'),
    'sig-proxy': switchFlag('Hand signals on to the program', undefined, true),
  },
  args: { min: 1, max: 1 },
  run: async (context, flags, [name = '']) => {
    const client = await context.client()
    const run = await client.runs.get(name)
    const stdin = run.openStdin && !flags['no-stdin']
    if (run.tty && stdin && process.stdin.isTTY !== true) {
      throw new UsageError('the input device is not a TTY')
    }
    let started = false
    const off = flags['sig-proxy']
      ? proxySignals(client, Promise.resolve(run), () => started)
      : () => undefined
    try {
      const session = await client.runs.attach(run.id)
      const end = await converse(session, {
        tty: run.tty,
        stdin,
        started: () => {
          started = true
        },
      })
      if (end.kind === 'detached') {
        await err(`\r\nartel: detached; ${run.name} goes on\r\n`)
        return 0
      }
      const { message, exitCode, reason } = end.exit
      if (reason !== undefined && reason !== 'killed') {
        await err(`artel: ${plain(message ?? reason)}\n`)
      }
      return exitCode
    } finally {
      off()
    }
  },
})
