import type { LeaseDeal, RunOutput } from '#core/deployment'
import { toArtelError } from '#core/errors'
import { runGetArchive } from '#protocol/peer/host-routes'
import { bytesOf } from '#tenant/body'
import type { ActContext, ActionOf } from './context.ts'

/** What asking again would not change: told to the user instead. */
const final = new Set(['not-found', 'too-large', 'out-of-disk', 'bad-request', 'refused'])

const fetchOne = async (
  { parts, instance, limits }: ActContext,
  { id, host }: LeaseDeal,
  path: string,
  signal: AbortSignal,
): Promise<RunOutput> => {
  try {
    const params = { lease: id, run: instance.id, path }
    const { body } = await parts.caller.call(host.peer, runGetArchive, params, { signal })
    const put = await parts.blobs.put(bytesOf(body), limits.outputBytesMax, signal)
    return { path, blob: put.id, bytes: put.sizeBytes }
  } catch (caught) {
    const { code, message } = toArtelError(caught)
    if (signal.aborted || !final.has(code)) throw caught
    return { path, bytes: 0, problem: `${path}: ${message}` }
  }
}

/** Brings the declared outputs home as tars, each into a blob. */
export const fetchOutputs = async (
  context: ActContext,
  { deal }: ActionOf<'fetch-outputs'>,
  signal: AbortSignal,
): Promise<void> => {
  const { instance } = context
  const outputs: RunOutput[] = []
  for (const path of instance.state().desired.service.run?.outputs ?? []) {
    const output = await fetchOne(context, deal, path, signal)
    if (output.problem !== undefined) {
      instance.hub.tell({ type: 'notice', message: `output ${output.problem}` })
    }
    outputs.push(output)
  }
  instance.record({ kind: 'outputs-fetched', outputs })
}
