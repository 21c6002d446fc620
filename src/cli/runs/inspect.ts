import { defineCommand } from '#cli/command'
import { printJson } from '#cli/print'
import type { RunInspect } from '#sdk/types'
import { eachRun } from './each-run.ts'

export const command = defineCommand({
  usage: 'inspect RUN [RUN...]',
  summary: 'Print all about runs as JSON: how they stand, what was asked for, what happened',
  examples: ['artel inspect web'],
  flags: {},
  args: { min: 1 },
  run: async (context, _, names) => {
    const client = await context.client()
    const found: RunInspect[] = []
    const code = await eachRun(names, async (name) => {
      found.push(await client.runs.inspect(name))
    })
    await printJson(found)
    return code
  },
})
