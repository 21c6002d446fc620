/** Wakes everyone who waits for a change; whoever wakes looks again for what it waits for. */
export type Waiters = {
  /** Rejects with the signal's reason as soon as it aborts. */
  readonly wait: (signal: AbortSignal) => Promise<void>
  readonly wake: () => void
}

export const createWaiters = (): Waiters => {
  let waiting = new Set<() => void>()
  return {
    wait: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason)
          return
        }
        const onAbort = (): void => {
          waiting.delete(onWake)
          reject(signal.reason)
        }
        const onWake = (): void => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        }
        waiting.add(onWake)
        signal.addEventListener('abort', onAbort, { once: true })
      }),
    wake: () => {
      const woken = waiting
      waiting = new Set()
      for (const resume of woken) resume()
    },
  }
}
