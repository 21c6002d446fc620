import { ArtelError } from '#core/errors'
import type { Action } from '#core/scheduling/action'
import { close } from './close.ts'
import type { ActContext } from './context.ts'
import { fetchOutputs } from './fetch-outputs.ts'
import { follow } from './follow.ts'
import { open } from './open.ts'
import { sendReceipt, topUp } from './pay.ts'
import { place } from './place.ts'
import { start } from './start.ts'
import { stop } from './stop.ts'
import { watch } from './watch.ts'

/** Carries out one step of a plan. Throws what may be tried again; what may not is journalled. */
export const performAct = (
  context: ActContext,
  action: Action,
  signal: AbortSignal,
): Promise<void> => {
  switch (action.kind) {
    case 'place':
      return place(context, action, signal)
    case 'open':
      return open(context, action, signal)
    case 'watch':
      return watch(context, action, signal)
    case 'start':
      return start(context, action, signal)
    case 'follow':
      return follow(context, action, signal)
    case 'stop':
      return stop(context, action, signal)
    case 'top-up':
      return topUp(context, action, signal)
    case 'send-receipt':
      return sendReceipt(context, action, signal)
    case 'fetch-outputs':
      return fetchOutputs(context, action, signal)
    case 'close':
      return close(context, action, signal)
    case 'record':
      throw new ArtelError('internal', 'decisions are journalled by the supervisor')
  }
}
