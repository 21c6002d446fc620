import { defineCommand } from '#cli/command'
import { valueFlag } from '#cli/flags/flag'
import { out, printJsonLine } from '#cli/print'
import { createProgress } from '#cli/terminal/progress'
import { parseWholeSeconds } from '#cli/text/duration'
import { eachRun } from './each-run.ts'

export const command = defineCommand({
  usage: 'stop [flags] RUN [RUN...]',
  summary: 'Ask runs to end, and kill them when they have not after a grace',
  examples: ['artel stop -t 30 web'],
  flags: {
    time: valueFlag('TIME', 'Grace before killing, such as 30 or 2m', {
      short: 't',
      read: parseWholeSeconds,
      expected: 'expected seconds or a time such as 2m',
    }),
  },
  args: { min: 1 },
  run: async (context, { time }, names) => {
    const client = await context.client()
    const progress = createProgress()
    return await eachRun(names, async (name) => {
      progress.show(`waiting for ${name} to end`)
      const run = await client.runs.stop(name, time).finally(progress.clear)
      await (context.json ? printJsonLine(run) : out(`${name}\n`))
    })
  },
})
