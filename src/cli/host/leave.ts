import { defineCommand } from '#cli/command'
import { valueFlag } from '#cli/flags/flag'
import { parseWholeSeconds } from '#cli/text/duration'
import { showHost } from './show-host.ts'

export const command = defineCommand({
  usage: 'host leave [flags]',
  summary: 'End selling: wait for leases to end, quit the rest, remove what they left',
  examples: ['artel host leave --drain 10m'],
  flags: {
    drain: valueFlag('TIME', 'How long to wait for leases (default 60s)', {
      read: parseWholeSeconds,
      expected: 'expected a time such as 60s or 10m',
    }),
  },
  args: { min: 0, max: 0 },
  run: async (context, { drain = 60 }) =>
    showHost(context, await (await context.client()).host.leave(drain)),
})
