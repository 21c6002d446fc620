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
    const timeout = new ArtelError('timeout', `${what}: no answer within ${ms} ms`)
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(timeout), ms)
    try {
      return await work(AbortSignal.any([signal, late.signal]))
    } catch (error) {
      if (late.signal.aborted && !signal.aborted) throw timeout
      throw error
    } finally {
      clearTimeout(timer)
    }
  },
})
