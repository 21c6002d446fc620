import { defineCommand } from '#cli/command'
import type { Context } from '#cli/context'
import { type Flag, type FlagValues, textFlag, textsFlag, valueFlag } from '#cli/flags/flag'
import { UsageError } from '#cli/flags/usage-error'
import { err } from '#cli/print'
import { readWorkload, workloadFlags } from '#cli/runs/workload-flags'
import { createProgress } from '#cli/terminal/progress'
import { onSignals } from '#cli/terminal/signals'
import { parseSeconds } from '#cli/text/duration'
import { wholeNumber } from '#cli/text/numbers'
import { ArtelError } from '#core/errors'
import type { Client } from '#sdk/client'
import type { MapCreate, MapView } from '#sdk/types'
import { type Collector, createCollector } from './collect-outputs.ts'
import { createMapReport, type MapReport } from './map-report.ts'
import { findInputs, sendTaskInputs } from './task-inputs.ts'

const count = (min: number, max: number) => ({
  read: wholeNumber(min, max),
  expected: `expected a number from ${min} to ${max}`,
})

const flags = {
  input: textsFlag('GLOB', "Files, one task each, such as 'frames/*.pov'; may be repeated"),
  output: textFlag('DIR', 'Where what tasks leave in /out arrives'),
  hosts: valueFlag('NUMBER', 'How many hosts to rent (default 1)', count(1, 1000)),
  workers: valueFlag('NUMBER', 'Tasks at once on each host (default 1)', count(1, 64)),
  tries: valueFlag('NUMBER', 'How often a task is tried (default 3)', count(1, 20)),
  timeout: valueFlag('TIME', 'How long a task may take (default 1h)', {
    read: parseSeconds,
    expected: 'expected a time such as 30s, 5m or 2h',
  }),
  ...workloadFlags,
} satisfies Record<string, Flag<unknown>>

export const command = defineCommand({
  usage: 'map --input GLOB [flags] IMAGE [--] COMMAND [ARG...]',
  summary:
    'Run one command over many files on several hosts: {} is the path of the file in the container',
  examples: [
    "artel map --hosts 3 --input 'frames/*.pov' --output out artel/render -- povray {} +O/out/",
    "artel map --input 'logs/*.gz' --output counts debian -- sh -c 'zcat {} | wc -l > /out/$(basename {}).txt'",
  ],
  flags,
  args: { min: 2 },
  stopAtFirst: true,
  run: async (context, values, [image = '', ...rest]) => {
    const words = rest[0] === '--' ? rest.slice(1) : rest
    if (words.length === 0) throw new UsageError('no command was given')
    if (values.input.length === 0) throw new UsageError("flag --input is needed: 'frames/*.pov'")
    const workload = await readWorkload(values, context.token)
    const inputs = await findInputs(values.input)
    if (values.output !== undefined) await checkFolder(values.output)
    const client = await context.client()
    const progress = createProgress()
    const tasks = await sendTaskInputs(client, inputs, (done) =>
      progress.show(`sending inputs: ${done} of ${inputs.length}`),
    ).finally(progress.clear)
    const request = { ...workload, ...readNumbers(values), image, command: words, tasks }
    return await follow(context, client, request, values.output)
  },
})

const checkFolder = async (folder: string): Promise<void> => {
  const { makeFolders } = await import('#cli/files/make-folders')
  const { checkWritable } = await import('#cli/runs/outputs')
  try {
    await makeFolders(folder)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ArtelError('refused', `cannot write to ${folder}: ${why}`, { cause })
  }
  await checkWritable(folder)
}

const readNumbers = ({ hosts, workers, tries, timeout }: FlagValues<typeof flags>) => ({
  ...(hosts === undefined ? {} : { hosts }),
  ...(workers === undefined ? {} : { workersPerHost: workers }),
  ...(tries === undefined ? {} : { triesMax: tries }),
  ...(timeout === undefined ? {} : { taskTimeoutSeconds: timeout }),
})

/** Follows a map until it has ended and its outputs are home. Exit code 1 unless every task was done. */
const follow = async (
  context: Context,
  client: Client,
  request: MapCreate,
  folder: string | undefined,
): Promise<number> => {
  const created = client.maps.create(request)
  const report = createMapReport(context)
  const interruption = cancelOnSignal(client, created, report)
  try {
    const { id } = await created
    const collector = folder === undefined ? undefined : createCollector(client, id, folder)
    const watching = watch(client, id, report, collector)
    const map = await Promise.race([watching, ...(collector ? [collector.failed] : [])])
    await collector?.finished()
    await report.summary(map)
    await client.maps.remove(id)
    if (interruption.came()) return interruptedExit
    if (map.message !== undefined && map.status === 'failed') await err(`artel: ${map.message}\n`)
    return map.status === 'done' && map.failed === 0 ? 0 : 1
  } catch (error) {
    report.clear()
    await created.then(({ id }) => client.maps.cancel(id)).catch(() => undefined)
    throw error
  } finally {
    interruption.off()
  }
}

const interruptedExit = 130

/** The first signal cancels the map, whose leases are closed and settled; the second leaves at once. */
const cancelOnSignal = (
  client: Client,
  created: Promise<MapView>,
  report: MapReport,
): { readonly came: () => boolean; readonly off: () => void } => {
  let came = false
  const cancel = async (): Promise<void> => {
    report.clear()
    await err('artel: cancelling: leases are closed and settled; once more leaves at once\n')
    await client.maps.cancel((await created).id)
  }
  const off = onSignals(() => {
    if (came) process.exit(interruptedExit)
    came = true
    cancel().catch((error: Error) => err(`artel: could not cancel: ${error.message}\n`))
  })
  return { came: () => came, off }
}

const watch = async (
  client: Client,
  id: string,
  report: MapReport,
  collector: Collector | undefined,
): Promise<MapView> => {
  let map: MapView | undefined
  for await (const event of client.maps.events(id)) {
    await report.event(event)
    if ('map' in event) map = event.map
    if ('task' in event && event.task.status === 'done') collector?.take(event.task)
  }
  if (map === undefined || map.status === 'placing' || map.status === 'running') {
    throw new ArtelError('unavailable', 'the daemon stopped telling about the map before its end', {
      hint: "See 'artel status'.",
    })
  }
  return map
}
