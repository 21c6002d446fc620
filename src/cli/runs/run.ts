import { defineCommand } from '#cli/command'
import type { Context } from '#cli/context'
import { err, isClosedPipe, out, printJson } from '#cli/print'
import { createProgress } from '#cli/terminal/progress'
import { plain } from '#cli/text/table'
import { toArtelError } from '#core/errors'
import { formatBytes } from '#core/resources'
import type { RunExit } from '#core/run'
import type { Client } from '#sdk/client'
import type { Run, RunCreate } from '#sdk/types'
import { buildRequest, checkInputs, type RunFlags, sendInputs } from './build-request.ts'
import { converse } from './converse.ts'
import { proxySignals } from './proxy-signals.ts'
import { runFlags } from './run-flags.ts'
import { untilStarted } from './until-started.ts'

export const command = defineCommand({
  usage: 'run [flags] IMAGE [COMMAND] [ARG...]',
  summary: 'Run a container on another machine and pay for it by the second',
  examples: [
    'artel run debian:bookworm-slim echo hello',
    'artel run -it --rm --cpus 0.5 --memory 256m debian:bookworm-slim bash',
    'artel run --input ./src:/src --output /out:./out -w /src gcc:14 make',
  ],
  flags: runFlags,
  args: { min: 1 },
  stopAtFirst: true,
  exitCodes: { usage: 125, failure: 125 },
  run: async (context, flags, args) => {
    const request = await buildRequest(context, flags, args)
    const inputs = await checkInputs(flags)
    if (flags.output.length > 0) {
      const { checkOutputs } = await import('./outputs.ts')
      await checkOutputs(flags.output)
    }
    const client = await context.client()
    if (flags['dry-run']) {
      const { printPlan } = await import('./print-plan.ts')
      return await printPlan(context, await client.runs.plan(request))
    }
    const progress = createProgress()
    const sent = await sendInputs(context, inputs, (done, total) =>
      progress.bytes('sending inputs', done, total),
    )
    progress.show('asking the market')
    const created = client.runs.create({ ...request, inputs: sent }).finally(progress.clear)
    return flags.detach
      ? await detach(context, created, request)
      : await attend(client, created, flags, request)
  },
})

/** As `docker run -d`: back when the program runs, with its exit code when it could not be started. */
const detach = async (
  context: Context,
  created: Promise<Run>,
  request: RunCreate,
): Promise<number> => {
  const client = await context.client()
  const off = proxySignals(client, created, () => false)
  try {
    const run = await created
    const exit = await untilStarted(await client.runs.attach(run.id))
    // With --rm a short program is gone by now.
    const now = await client.runs.get(run.id).catch(() => run)
    await (context.json ? printJson(now) : out(`${run.id}\n`))
    if (exit?.reason === undefined || now.startedAtMs !== undefined) return 0
    await tellReason(exit, request)
    return exit.exitCode
  } finally {
    off()
  }
}

/** Stays with a run until it has ended, brings its outputs home, and returns its exit code. */
const attend = async (
  client: Client,
  created: Promise<Run>,
  flags: RunFlags,
  request: RunCreate,
): Promise<number> => {
  let started = false
  const off = flags['sig-proxy'] ? proxySignals(client, created, () => started) : () => undefined
  try {
    const run = await created
    const session = await client.runs.attach(run.id)
    const end = await converse(session, {
      tty: flags.tty,
      stdin: flags.interactive,
      started: () => {
        started = true
      },
    })
    if (end.kind === 'detached') {
      await err(`\r\nartel: detached; ${run.name} goes on: artel attach ${run.name}\r\n`)
      return 0
    }
    await tellReason(end.exit, request)
    return await bringHome(client, run, flags, end.exit)
  } catch (error) {
    // Nobody reads what the program says, as in `artel run ... yes | head`: it must not go on and cost.
    if (isClosedPipe(error))
      await client.runs.kill((await created).id, 'KILL').catch(() => undefined)
    throw error
  } finally {
    off()
  }
}

const tellReason = async (exit: RunExit, request: RunCreate): Promise<void> => {
  if (exit.reason === undefined || exit.reason === 'killed') return
  const hint = exit.hint === undefined ? '' : `${plain(exit.hint)}\n`
  await err(`artel: ${plain(exit.message ?? reasonText(exit.reason, request))}\n${hint}`)
}

const reasonText = (reason: NonNullable<RunExit['reason']>, request: RunCreate): string => {
  const memory = request.resources?.memoryBytes
  if (reason === 'out-of-memory' && memory !== undefined) {
    return `killed: out of memory, the limit is ${formatBytes(memory)}`
  }
  if (reason === 'timeout') return `killed: it ran longer than ${request.timeoutSeconds} s`
  return reason
}

const bringHome = async (
  client: Client,
  run: Run,
  { output, rm }: RunFlags,
  exit: RunExit,
): Promise<number> => {
  if (output.length === 0) return exit.exitCode
  try {
    const { fetchOutputs } = await import('./outputs.ts')
    await fetchOutputs(client, run.id, output)
  } catch (thrown) {
    const error = toArtelError(thrown)
    await err(`artel: the outputs of ${run.name} did not come home: ${plain(error.message)}\n`)
    return exit.exitCode === 0 ? 125 : exit.exitCode
  }
  if (rm) await client.runs.remove(run.id, true)
  return exit.exitCode
}
