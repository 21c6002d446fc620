import { defineCommand } from '#cli/command'
import { showHost } from './show-host.ts'

export const command = defineCommand({
  usage: 'host pause',
  summary: 'Take no new leases; those that are open go on',
  examples: ['artel host pause'],
  flags: {},
  args: { min: 0, max: 0 },
  run: async (context) => showHost(context, await (await context.client()).host.pause()),
})
