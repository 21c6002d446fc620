import { defineCommand } from '#cli/command'
import { valueFlag } from '#cli/flags/flag'
import { out } from '#cli/print'
import { parseSignal } from '#cli/text/signal-name'
import { eachRun } from './each-run.ts'

export const command = defineCommand({
  usage: 'kill [flags] RUN [RUN...]',
  summary: 'Send a signal to the main program of runs, KILL unless said otherwise',
  examples: ['artel kill -s HUP web'],
  flags: {
    signal: valueFlag('SIGNAL', 'Signal to send, such as TERM or 15', {
      short: 's',
      read: parseSignal,
      expected: 'expected a signal such as TERM or 15',
    }),
  },
  args: { min: 1 },
  run: async (context, { signal = 'KILL' }, names) => {
    const client = await context.client()
    return await eachRun(names, async (name) => {
      await client.runs.kill(name, signal)
      await out(`${name}\n`)
    })
  },
})
