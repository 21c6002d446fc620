import { defineCommand } from '#cli/command'
import { switchFlag } from '#cli/flags/flag'
import { out } from '#cli/print'
import { eachRun } from './each-run.ts'

export const command = defineCommand({
  usage: 'rm [flags] RUN [RUN...]',
  summary: 'Forget ended runs and what they said',
  examples: ['artel rm -f web'],
  flags: { force: switchFlag('Kill running ones first', 'f') },
  args: { min: 1 },
  run: async (context, { force }, names) => {
    const client = await context.client()
    return await eachRun(names, async (name) => {
      await client.runs.remove(name, force)
      await out(`${name}\n`)
    })
  },
})
