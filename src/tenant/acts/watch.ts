import type { LeaseDeal } from '#core/deployment'
import { ArtelError, toArtelError } from '#core/errors'
import type { Liveness } from '#core/scheduling/situation'
import { leaseWatch, leaseWatchMessage } from '#protocol/peer/host-routes'
import type { ActContext, ActionOf } from './context.ts'
import { noteRunState } from './note-state.ts'
import { onceKnown } from './start.ts'

/** Waits between attempts to reach a host again; after the last one it counts as lost. */
const redialDelaysMs = [0, 250, 500, 1000, 1500, 2000, 3000, 4000]
const redialTimeoutMs = 4_000
/** A stream that lasted so long was a working one. */
const steadyMs = 1_000

const heard = ({ parts, instance }: ActContext, lease: Liveness | undefined): Liveness => ({
  receiptUntilSeconds: lease?.receiptUntilSeconds ?? 0,
  ...(lease?.ending === undefined ? {} : { ending: lease.ending }),
  heardAtMs: parts.clock.nowMs(),
  dead: instance.state().exit !== undefined && lease?.dead === true,
})

/** Opens the stream; only the wait for its beginning is limited. */
const dial = ({ parts }: ActContext, { id, host }: LeaseDeal, signal: AbortSignal) => {
  const cut = new AbortController()
  const whole = AbortSignal.any([signal, cut.signal])
  return parts.clock.within(redialTimeoutMs, signal, `host ${host.address}`, async (limit) => {
    const onLimit = () => cut.abort(limit.reason)
    limit.addEventListener('abort', onLimit, { once: true })
    try {
      return await parts.caller.call(host.peer, leaseWatch, { lease: id }, { signal: whole })
    } finally {
      limit.removeEventListener('abort', onLimit)
    }
  })
}

const listen = async (
  context: ActContext,
  { deal }: ActionOf<'watch'>,
  signal: AbortSignal,
  onOpen: () => void,
): Promise<void> => {
  const { instance } = context
  const { live, bell, hub } = instance
  const { body } = await onceKnown(context, signal, () => dial(context, deal, signal))
  onOpen()
  live.set(deal.id, heard(context, live.get(deal.id)))
  for await (const part of body) {
    live.set(deal.id, heard(context, live.get(deal.id)))
    if (part.kind !== 'control') continue
    const message = leaseWatchMessage.parse(part.value)
    if ('run' in message && message.run === instance.id) {
      noteRunState(instance, deal.id, message.state)
    }
    if ('ending' in message) {
      live.set(deal.id, { ...heard(context, live.get(deal.id)), ending: message.ending })
      hub.tell({
        type: 'notice',
        message: `host ${deal.host.address} ends the lease: ${message.ending}`,
      })
      bell.ring()
    }
  }
  throw new ArtelError('unavailable', 'the host ended the stream')
}

/**
 * Hears from the host for as long as the lease lasts. A stream that breaks is opened again at once; a host
 * that cannot be reached any more is marked dead.
 */
export const watch = async (
  context: ActContext,
  action: ActionOf<'watch'>,
  signal: AbortSignal,
): Promise<void> => {
  const { parts, instance } = context
  const { live, bell } = instance
  live.set(action.deal.id, heard(context, live.get(action.deal.id)))
  let attempt = 0
  for (;;) {
    let openedAtMs = Number.POSITIVE_INFINITY
    try {
      await listen(context, action, signal, () => {
        openedAtMs = parts.clock.monotonicMs()
      })
    } catch (caught) {
      signal.throwIfAborted()
      parts.log.debug('the stream of a lease broke', {
        lease: action.deal.id,
        reason: toArtelError(caught).message,
      })
    }
    // A stream that ends as soon as it begins is no sign that all is well.
    if (parts.clock.monotonicMs() - openedAtMs >= steadyMs) attempt = 0
    const delayMs = redialDelaysMs[attempt]
    attempt += 1
    if (delayMs === undefined) break
    await parts.clock.sleep(delayMs, signal)
  }
  live.set(action.deal.id, { ...heard(context, live.get(action.deal.id)), dead: true })
  bell.ring()
  // Stays until the plan leaves it out: a dead host is not dialled in a circle.
  await new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  )
}
