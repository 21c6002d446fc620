import type { LeaseDeal } from '#core/deployment'
import { toArtelError } from '#core/errors'
import { runStdin, runStdinOffset } from '#protocol/peer/host-routes'
import { bodyOf } from '#tenant/body'
import type { ActContext } from './context.ts'

const retryMs = 500
const confirmMs = 20

/** Frees what the host has, while writers wait for room. */
const confirm = async (
  { parts, instance }: ActContext,
  deal: LeaseDeal,
  signal: AbortSignal,
): Promise<void> => {
  const ofRun = { lease: deal.id, run: instance.id }
  for (;;) {
    await parts.clock.sleep(confirmMs, signal)
    if (!instance.stdin.full()) continue
    const { result } = await parts.caller.call(deal.host.peer, runStdinOffset, ofRun, { signal })
    instance.stdin.confirm(result.acceptedBytes)
  }
}

/** One stream of standard input, from what the host has to the end. True when nothing is left to send. */
const sendOnce = async (
  context: ActContext,
  { id, host }: LeaseDeal,
  signal: AbortSignal,
): Promise<boolean> => {
  const { parts, instance } = context
  const ofRun = { lease: id, run: instance.id }
  const at = await parts.caller.call(host.peer, runStdinOffset, ofRun, { signal })
  if (at.result.closed) return true
  const offset = at.result.acceptedBytes
  instance.stdin.beginAt(offset)
  const body = bodyOf(instance.stdin.read(offset, signal))
  const sent = await parts.caller.call(host.peer, runStdin, { ...ofRun, offset }, { signal, body })
  return instance.stdin.ended() && sent.result.acceptedBytes >= instance.stdin.endOffset()
}

/** Sends standard input to the container until it ends or the container does. Never throws. */
export const feed = async (
  context: ActContext,
  deal: LeaseDeal,
  signal: AbortSignal,
): Promise<void> => {
  const { parts, instance } = context
  if (instance.state().desired.service.run?.openStdin !== true) return
  while (!signal.aborted) {
    const round = new AbortController()
    const limit = AbortSignal.any([signal, round.signal])
    const confirming = confirm(context, deal, limit).catch(() => undefined)
    try {
      if (await sendOnce(context, deal, limit)) return
    } catch (caught) {
      if (signal.aborted) return
      const { code, message } = toArtelError(caught)
      parts.log.debug('standard input was cut', { run: instance.id, reason: message })
      if (code === 'conflict' || code === 'not-found') return
      await parts.clock.sleep(retryMs, signal).catch(() => undefined)
    } finally {
      round.abort()
      await confirming
    }
  }
}
