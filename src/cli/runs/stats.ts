import { defineCommand } from '#cli/command'
import type { Context } from '#cli/context'
import { switchFlag } from '#cli/flags/flag'
import { out, printJson, printJsonLine } from '#cli/print'
import { formatTable, shortId } from '#cli/text/table'
import { toArtelError } from '#core/errors'
import { formatBytes } from '#core/resources'
import type { Client } from '#sdk/client'
import type { Run, RunStats } from '#sdk/types'

type Sample = { readonly run: Run; readonly stats: RunStats; readonly before?: RunStats }

const everyMs = 1000

export const command = defineCommand({
  usage: 'stats [flags] [RUN...]',
  summary: 'Show what runs use: all running ones, or those named',
  examples: ['artel stats', 'artel stats --no-stream web'],
  flags: { 'no-stream': switchFlag('Show it once') },
  args: { min: 0 },
  run: async (context, flags, names) => {
    const client = await context.client()
    let before = await sample(client, names)
    await pause()
    for (;;) {
      const now = (await sample(client, names)).map((one) => withBefore(one, before))
      await show(context, now, flags['no-stream'])
      if (flags['no-stream'] || now.length === 0) return 0
      before = now
      await pause()
    }
  },
})

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, everyMs))

const withBefore = (now: Sample, earlier: readonly Sample[]): Sample => {
  const before = earlier.find(({ run }) => run.id === now.run.id)?.stats
  return before === undefined ? now : { ...now, before }
}

const sample = async (client: Client, names: readonly string[]): Promise<readonly Sample[]> => {
  const runs =
    names.length > 0
      ? await Promise.all(names.map((name) => client.runs.get(name)))
      : await client.runs.list()
  const running = runs.filter((run) => run.status === 'running')
  const samples = await Promise.all(
    running.map(async (run) => {
      try {
        return [{ run, stats: await client.runs.stats(run.id) }]
      } catch (error) {
        // It ended between the list and the question.
        if (names.length === 0 && toArtelError(error).code !== 'unavailable') return []
        throw error
      }
    }),
  )
  return samples.flat()
}

const show = async (context: Context, samples: readonly Sample[], once: boolean): Promise<void> => {
  if (context.json) {
    const rows = samples.map(({ run, stats }) => ({ id: run.id, name: run.name, ...stats }))
    if (once) return await printJson(rows)
    for (const row of rows) await printJsonLine(row)
    return
  }
  const clear = !once && process.stdout.isTTY === true ? '\x1b[2J\x1b[H' : ''
  await out(clear + table(samples))
}

const table = (samples: readonly Sample[]): string =>
  formatTable<Sample>(
    [
      ['RUN ID', ({ run }) => shortId(run.id, false)],
      ['NAME', ({ run }) => run.name],
      ['CPU %', cpuText],
      [
        'MEM USAGE / LIMIT',
        ({ stats }) => `${formatBytes(stats.memoryBytes)} / ${formatBytes(stats.memoryMaxBytes)}`,
      ],
      [
        'NET I/O',
        ({ stats }) => `${formatBytes(stats.receivedBytes)} / ${formatBytes(stats.sentBytes)}`,
      ],
      [
        'BLOCK I/O',
        ({ stats }) => `${formatBytes(stats.readBytes)} / ${formatBytes(stats.writtenBytes)}`,
      ],
      ['PIDS', ({ stats }) => String(stats.pids)],
    ],
    samples,
  )

const cpuText = ({ stats, before }: Sample): string => {
  const ms = stats.atMs - (before?.atMs ?? stats.atMs)
  if (before === undefined || ms <= 0) return '--'
  return `${(((stats.cpuNs - before.cpuNs) / 1e6 / ms) * 100).toFixed(2)}%`
}
