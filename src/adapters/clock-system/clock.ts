import { ArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'

/** The machine's own time. */
export const createSystemClock = (): Clock => ({
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      signal.addEventListener('abort', onAbort, { once: true })
    }),
  within: async (ms, signal, what, work) => {
    // one controller by hand: this runs for every piece of a stream, and AbortSignal.any is dear
    const both = new AbortController()
    const onAbort = () => both.abort(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    let timeout: ArtelError | undefined
    const timer = setTimeout(() => {
      timeout = new ArtelError('timeout', `${what}: no answer within ${ms} ms`)
      both.abort(timeout)
    }, ms)
    try {
      return await work(both.signal)
    } catch (error) {
      if (timeout !== undefined && !signal.aborted) throw timeout
      throw error
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  },
})
