import { defineCommand } from '#cli/command'
import { showHost } from './show-host.ts'

export const command = defineCommand({
  usage: 'host status',
  summary: 'Show what this machine sells, what runs on it, for whom and for how much',
  examples: ['artel host status'],
  flags: {},
  args: { min: 0, max: 0 },
  run: async (context) => showHost(context, await (await context.client()).host.view()),
})
