import { ArtelError, toArtelError } from '#core/errors'
import type { Log } from '#ports/log'

/** Work that nobody awaits: started here, cancelled and awaited by `stop`. */
export type Background = {
  /** Aborts when the background stops. */
  readonly signal: AbortSignal
  /** Starts `work`; what it throws is logged. Does nothing once stopped. */
  readonly spawn: (what: string, work: (signal: AbortSignal) => Promise<void>) => void
  readonly stop: () => Promise<void>
}

export const createBackground = (log: Log): Background => {
  const controller = new AbortController()
  const running = new Set<Promise<void>>()
  const guarded = async (what: string, work: (signal: AbortSignal) => Promise<void>) => {
    try {
      await work(controller.signal)
    } catch (error) {
      if (controller.signal.aborted) return
      const { code, message } = toArtelError(error)
      log.warn(`${what} failed`, { code, message })
    }
  }
  return {
    signal: controller.signal,
    spawn: (what, work) => {
      if (controller.signal.aborted) return
      const promise = guarded(what, work).finally(() => running.delete(promise))
      running.add(promise)
    },
    stop: async () => {
      controller.abort(new ArtelError('cancelled', 'the host is stopping'))
      while (running.size > 0) await Promise.all(running)
    },
  }
}
