import { defineCommand } from '#cli/command'
import { out, printJsonLine } from '#cli/print'
import { eachRun } from './each-run.ts'

export const command = defineCommand({
  usage: 'wait RUN [RUN...]',
  summary: 'Wait for runs to end and print their exit codes',
  examples: ['artel wait web'],
  flags: {},
  args: { min: 1 },
  run: async (context, _, names) => {
    const client = await context.client()
    return await eachRun(names, async (name) => {
      const run = await client.runs.wait(name)
      await (context.json ? printJsonLine(run) : out(`${run.exit?.exitCode ?? 125}\n`))
    })
  },
})
