import { defineCommand } from '#cli/command'
import { switchFlag } from '#cli/flags/flag'
import { showHost } from './show-host.ts'

export const command = defineCommand({
  usage: 'host status',
  summary: 'Show what this machine sells, what runs on it, for whom and for how much',
  examples: ['artel host status'],
  flags: { all: switchFlag('Also leases that have ended', 'a') },
  args: { min: 0, max: 0 },
  run: async (context, { all }) =>
    showHost(context, await (await context.client()).host.view(), all),
})
