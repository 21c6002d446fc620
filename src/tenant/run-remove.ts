import { isOver } from '#core/deployment'
import { ArtelError } from '#core/errors'
import type { BlobUse } from './blob-use.ts'
import type { TenantParts } from './components.ts'
import { dropJournal } from './instance.ts'
import type { Run, RunBook } from './run-book.ts'
import { removeRunOutput } from './run-output.ts'
import { runStore } from './run-store.ts'

type Context = {
  readonly parts: TenantParts
  readonly book: RunBook
  readonly blobUse: BlobUse
}

/** Blobs that a run names: its inputs and outputs. */
export const blobsOf = ({ instance }: Run): readonly string[] => {
  const { desired, outputs } = instance.state()
  const inputs = desired.service.run?.inputs.map(({ blob }) => blob) ?? []
  return [...inputs, ...(outputs?.flatMap(({ blob }) => (blob === undefined ? [] : [blob])) ?? [])]
}

/** Forgets a run that is over: its journal, its output, and blobs that nothing else names. */
export const forgetRun = async ({ parts, book, blobUse }: Context, run: Run): Promise<void> => {
  const { id } = run.instance
  book.delete(id)
  parts.records.transaction(() => {
    runStore(parts.records).delete(id)
    dropJournal(parts.records, id)
  })
  await removeRunOutput(parts, id)
  await blobUse.removeUnused(blobsOf(run))
}

/** Takes a run off the list; one that still runs is ended first when `force`. Its leases settle behind. */
export const removeRun = async (context: Context, run: Run, force: boolean): Promise<void> => {
  const { parts } = context
  const { instance, entry } = run
  if (instance.state().exit === undefined) {
    if (!force) {
      throw new ArtelError('conflict', `run ${entry.name} has not ended`, {
        hint: 'Stop it first, or remove it with force.',
      })
    }
    const exit = { exitCode: 137, finishedAtMs: parts.clock.nowMs(), reason: 'killed' as const }
    instance.record({ kind: 'finished', exit })
  }
  hideRun(parts, run)
  if (isOver(instance.state())) await forgetRun(context, run)
}

/** Takes a run off the list. */
export const hideRun = (parts: TenantParts, run: Run): void => {
  run.entry = { ...run.entry, removed: true }
  parts.records.transaction(() => runStore(parts.records).put(run.instance.id, run.entry))
}
