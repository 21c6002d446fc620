/**
 * Something changed: wakes whoever waits. A waiter names the version that it has seen, so that a change
 * between looking and waiting is not missed.
 */
export type Notice = {
  readonly version: () => number
  readonly notify: () => void
  /** Resolves at once when the version is no longer `seen`; rejects with the signal's reason. */
  readonly changed: (seen: number, signal: AbortSignal) => Promise<void>
}

export const createNotice = (): Notice => {
  let version = 0
  const waiting = new Set<() => void>()
  return {
    version: () => version,
    notify: () => {
      version += 1
      for (const wake of [...waiting]) wake()
    },
    changed: (seen, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        if (version !== seen) return resolve()
        const finish = (): void => {
          waiting.delete(wake)
          signal.removeEventListener('abort', abort)
        }
        const wake = (): void => {
          finish()
          resolve()
        }
        const abort = (): void => {
          finish()
          reject(signal.reason)
        }
        waiting.add(wake)
        signal.addEventListener('abort', abort, { once: true })
      }),
  }
}
