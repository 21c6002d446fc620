import { runStop } from '#protocol/peer/host-routes'
import type { ActContext, ActionOf } from './context.ts'
import { noteRunState } from './note-state.ts'

/** Asks the program to end, then makes it. */
export const stop = async (
  { parts, instance }: ActContext,
  { deal, graceSeconds }: ActionOf<'stop'>,
  signal: AbortSignal,
): Promise<void> => {
  const params = { lease: deal.id, run: instance.id, graceSeconds }
  const { result } = await parts.caller.call(deal.host.peer, runStop, params, { signal })
  noteRunState(instance, deal.id, result.state)
}
