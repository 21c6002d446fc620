import { defineCommand } from '#cli/command'
import { switchFlag, textsFlag, valueFlag } from '#cli/flags/flag'
import { UsageError } from '#cli/flags/usage-error'
import { out, printJson } from '#cli/print'
import { formatSpan } from '#cli/text/duration'
import { formatTokens } from '#cli/text/money'
import { wholeNumber } from '#cli/text/numbers'
import { formatAgo } from '#cli/text/since'
import { formatTable, shortId } from '#cli/text/table'
import type { Run } from '#sdk/types'

export const command = defineCommand({
  usage: 'ps [flags]',
  summary: 'List runs: those that have not ended, or all',
  examples: ['artel ps -a', 'artel rm $(artel ps -aq --filter label=batch=7)'],
  flags: {
    all: switchFlag('Also ended runs', 'a'),
    quiet: switchFlag('Print ids only', 'q'),
    'no-trunc': switchFlag('Print whole ids and commands'),
    last: valueFlag('NUMBER', 'The last runs, whatever their status', {
      short: 'n',
      read: wholeNumber(1, 10_000),
      expected: 'expected a number from 1 to 10000',
    }),
    filter: textsFlag('KEY=VALUE', 'name=, label=KEY[=VALUE] or status=', { short: 'f' }),
  },
  args: { min: 0, max: 0 },
  run: async (context, flags) => {
    const matches = readFilters(flags.filter)
    const client = await context.client()
    const everyone = flags.all || flags.last !== undefined || flags.filter.some(isStatus)
    const runs = (await client.runs.list())
      .filter((run) => (everyone || run.status !== 'exited') && matches(run))
      .slice(0, flags.last)
    if (context.json) await printJson(runs)
    else if (flags.quiet) {
      for (const { id } of runs) await out(`${shortId(id, flags['no-trunc'])}\n`)
    } else {
      const token = runs.length === 0 ? { symbol: '', decimals: 0 } : await context.token()
      const whole = flags['no-trunc']
      await out(
        formatTable<Run>(
          [
            ['RUN ID', ({ id }) => shortId(id, whole)],
            ['IMAGE', ({ image }) => image],
            ['COMMAND', (run) => commandText(run, whole)],
            ['CREATED', ({ createdAtMs }) => formatAgo(createdAtMs)],
            ['STATUS', statusText],
            ['HOST', ({ host }) => (host === undefined ? '' : shortId(host.address, whole))],
            ['COST', ({ cost }) => formatTokens(cost, token)],
            ['NAME', ({ name }) => name],
          ],
          runs,
        ),
      )
    }
    return 0
  },
})

const commandText = ({ command: words }: Run, whole: boolean): string => {
  const text = words.join(' ')
  return JSON.stringify(whole || text.length <= 20 ? text : `${text.slice(0, 19)}…`)
}

/** As docker says it: `Up 5 minutes`, `Exited (3) 2 hours ago`. */
export const statusText = (run: Run): string => {
  if (run.exit !== undefined) {
    return `Exited (${run.exit.exitCode}) ${formatAgo(run.exit.finishedAtMs)}`
  }
  if (run.status === 'running') {
    return `Up ${formatSpan(Date.now() - (run.startedAtMs ?? run.createdAtMs))}`
  }
  const word = run.status === 'placing' ? 'Placing' : 'Preparing'
  return run.detail === undefined ? word : `${word}: ${run.detail}`
}

const isStatus = (filter: string): boolean => filter.startsWith('status=')

const readFilters = (filters: readonly string[]): ((run: Run) => boolean) => {
  const tests = filters.map((filter): ((run: Run) => boolean) => {
    const [, key, value = ''] = /^(name|label|status)=(.+)$/.exec(filter) ?? []
    if (key === 'name') return (run) => run.name.includes(value)
    if (key === 'status') return (run) => run.status === value
    if (key !== 'label') throw new UsageError(`invalid filter '${filter}'`)
    const [name = '', ...rest] = value.split('=')
    return ({ labels }) => (rest.length === 0 ? name in labels : labels[name] === rest.join('='))
  })
  return (run) => tests.every((test) => test(run))
}
