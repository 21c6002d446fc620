import { ArtelError } from '#core/errors'

/** Background work that a `stop` has to end and wait for. */
export type TaskGroup = {
  /** Aborts when the group stops. */
  readonly signal: AbortSignal
  /** Starts `work`; what it throws goes to `onError` unless the group is stopping. Refused after `stop`. */
  readonly spawn: (work: (signal: AbortSignal) => Promise<void>) => void
  /** Aborts everything and waits for it. Idempotent. */
  readonly stop: () => Promise<void>
}

export const createTaskGroup = (onError: (error: unknown) => void): TaskGroup => {
  const controller = new AbortController()
  const running = new Set<Promise<void>>()
  return {
    signal: controller.signal,
    spawn: (work) => {
      if (controller.signal.aborted) throw new ArtelError('cancelled', 'the node is stopping')
      const task = work(controller.signal)
        .catch((error: unknown) => {
          if (!controller.signal.aborted) onError(error)
        })
        .finally(() => running.delete(task))
      running.add(task)
    },
    stop: async () => {
      controller.abort(new ArtelError('interrupted', 'the node is stopping'))
      while (running.size > 0) await Promise.all(running)
    },
  }
}
