import { z } from 'zod'
import type { LeaseDeal, OutputMapping } from '#core/deployment'
import { toArtelError } from '#core/errors'
import { bytesCount } from '#protocol/codecs'
import { createOutputSplitter } from '#protocol/output'
import { runOutput } from '#protocol/peer/host-routes'
import type { Instance } from '#tenant/instance'
import type { RunOutput } from '#tenant/run-output'
import { createConfirmations } from './confirmations.ts'
import type { ActContext, ActionOf } from './context.ts'
import { feed } from './feed.ts'

const beginSchema = z.object({ offset: bytesCount })

/** Where the host's numbering of the output meets the spool's; journalled when it changes. */
const mapAt = ({ instance }: ActContext, mapping: OutputMapping): OutputMapping => {
  instance.record({ kind: 'output-mapped', ...mapping })
  return mapping
}

/** One stream of output, from where the spool ends to where the stream does. */
const readOnce = async (
  context: ActContext,
  { id, host }: LeaseDeal,
  output: RunOutput,
  signal: AbortSignal,
): Promise<void> => {
  const { parts, instance } = context
  const known = instance.state().output
  let mapping =
    known?.lease === id
      ? known
      : mapAt(context, { lease: id, hostOffset: 0, spoolOffset: output.end() })
  const offset = mapping.hostOffset + output.end() - mapping.spoolOffset
  const params = { lease: id, run: instance.id, offset, follow: true }
  const confirmations = createConfirmations(parts.clock, signal)
  const options = { signal, body: confirmations }
  const { body } = await parts.caller.call(host.peer, runOutput, params, options)
  const wholeFrames = createOutputSplitter()
  for await (const part of body) {
    if (part.kind === 'data') {
      await output.append(wholeFrames(part.bytes), signal)
      confirmations.confirm(mapping.hostOffset + output.end() - mapping.spoolOffset)
      continue
    }
    const begin = beginSchema.safeParse(part.value)
    if (!begin.success || begin.data.offset === offset) continue
    const lost = begin.data.offset - offset
    mapping = mapAt(context, {
      lease: id,
      hostOffset: begin.data.offset,
      spoolOffset: output.end(),
    })
    instance.hub.tell({ type: 'notice', message: `${lost} bytes of output were lost at the host` })
  }
}

/** How long an announced client may take to attach before the output is fetched without it. */
const attachWithinMs = 10_000

/** A host that has forgotten an ended container has no more to say. */
const forgiveGone =
  ({ state }: Instance) =>
  (caught: unknown): void => {
    if (toArtelError(caught).code !== 'not-found' || state().run.status !== 'exited') throw caught
  }

/** Brings the output home until the container has said its last, while standard input goes out. */
export const follow = async (
  context: ActContext,
  { deal }: ActionOf<'follow'>,
  signal: AbortSignal,
): Promise<void> => {
  const { parts, instance } = context
  const output = await context.output()
  const over = new AbortController()
  const feeding = feed(context, deal, AbortSignal.any([signal, over.signal]))
  try {
    if (context.attached && output.end() === 0) {
      const waited = new AbortController()
      const limit = parts.clock
        .sleep(attachWithinMs, AbortSignal.any([signal, waited.signal]))
        .catch(() => undefined)
      await Promise.race([output.firstReader, limit])
      waited.abort()
      await limit
    }
    await readOnce(context, deal, output, signal).catch(forgiveGone(instance))
    instance.outputCompleteOf = deal.id
  } finally {
    over.abort()
    await feeding
    instance.bell.ring()
  }
}
