import type { LeaseDeal } from '#core/deployment'
import { ArtelError, toArtelError } from '#core/errors'
import type { RunSpec } from '#core/manifest'
import { runCreate, runInput, runStart } from '#protocol/peer/host-routes'
import { bodyOf } from '#tenant/body'
import type { ActContext, ActionOf } from './context.ts'
import { deliverImage } from './deliver-image.ts'
import { noteRunState } from './note-state.ts'

/** How long a host may take to see on chain the lease that the tenant sees already. */
const seenWithinMs = 20_000
const askAgainMs = 150

/** Runs `work` again while the host does not know the lease yet. */
export const onceKnown = async <T>(
  { parts }: Pick<ActContext, 'parts'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> => {
  const untilMs = parts.clock.monotonicMs() + seenWithinMs
  for (;;) {
    try {
      return await work()
    } catch (caught) {
      const { code } = toArtelError(caught)
      const unknown = code === 'not-found' || code === 'unauthorized'
      if (!unknown || parts.clock.monotonicMs() > untilMs) throw caught
      await parts.clock.sleep(askAgainMs, signal)
    }
  }
}

const sendInputs = async (
  { parts, instance }: ActContext,
  { id, host }: LeaseDeal,
  spec: RunSpec,
  signal: AbortSignal,
): Promise<void> => {
  for (const { target, blob } of spec.inputs) {
    instance.waitingFor = `the input ${target}`
    const params = { lease: id, run: instance.id, target }
    const body = bodyOf(parts.blobs.get(blob, 0, signal))
    await parts.caller.call(host.peer, runInput, params, { signal, body })
  }
}

const startThere = async (
  context: ActContext,
  deal: LeaseDeal,
  spec: RunSpec,
  signal: AbortSignal,
): Promise<void> => {
  const { parts, instance } = context
  const { id, host } = deal
  await onceKnown(context, signal, () => deliverImage(context, deal, spec.image, signal))
  const start = spec.inputs.length === 0
  const ofRun = { lease: id, run: instance.id }
  const { holdOutput } = instance.state().desired
  const made = await parts.caller.call(
    host.peer,
    runCreate,
    { ...ofRun, spec, start, holdOutput },
    { signal },
  )
  const { state } = made.result
  noteRunState(instance, id, state)
  if (start || state.status === 'running' || state.status === 'exited') return
  await sendInputs(context, deal, spec, signal)
  const begun = await parts.caller.call(host.peer, runStart, ofRun, { signal })
  noteRunState(instance, id, begun.result.state)
}

/** Docker's exit codes for containers that cannot start, whatever the host. */
const exitCodes: Partial<Record<ArtelError['code'], number>> = {
  'command-not-found': 127,
  'not-executable': 126,
  'image-not-found': 125,
  'image-platform': 125,
  'bad-request': 125,
  'too-large': 125,
}

/**
 * Brings image and inputs to the host and starts the container; finds out how it stands when that was done
 * before. A failure that would be the same anywhere ends the run, any other loses the host.
 */
export const start = async (
  context: ActContext,
  { deal }: ActionOf<'start'>,
  signal: AbortSignal,
): Promise<void> => {
  const { parts, instance } = context
  const spec = instance.state().desired.service.run
  if (spec === undefined) throw new ArtelError('internal', 'a pool has no container to start')
  try {
    await startThere(context, deal, spec, signal)
  } catch (caught) {
    signal.throwIfAborted()
    const { code, message, hint: advice } = toArtelError(caught)
    const hint = advice === undefined ? {} : { hint: advice }
    const exitCode = exitCodes[code]
    if (exitCode === undefined) {
      const words = `host ${deal.host.address} did not start the container: ${message}`
      instance.record({ kind: 'host-lost', lease: deal.id, code, message: words, ...hint })
      return
    }
    const exit = { exitCode, finishedAtMs: parts.clock.nowMs(), reason: code, message, ...hint }
    instance.record({ kind: 'run-exited', lease: deal.id, exit })
  }
}
