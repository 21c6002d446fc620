import { defineCommand } from '#cli/command'
import { showHost } from './show-host.ts'

export const command = defineCommand({
  usage: 'host resume',
  summary: 'Take new leases again',
  examples: ['artel host resume'],
  flags: {},
  args: { min: 0, max: 0 },
  run: async (context) => showHost(context, await (await context.client()).host.resume()),
})
