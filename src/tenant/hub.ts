import type { ServerControl } from '#protocol/api/stream'

/** Tells whoever listens what happens to one run. */
export type Hub = {
  readonly tell: (control: ServerControl) => void
  /** Something about the run changed: look again. */
  readonly changed: () => void
  readonly onControl: (listener: (control: ServerControl) => void) => () => void
  readonly onChange: (listener: () => void) => () => void
}

const listen = <T>(listeners: Set<T>, listener: T): (() => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const createHub = (): Hub => {
  const controls = new Set<(control: ServerControl) => void>()
  const changes = new Set<() => void>()
  return {
    tell: (control) => {
      for (const listener of [...controls]) listener(control)
    },
    changed: () => {
      for (const listener of [...changes]) listener()
    },
    onControl: (listener) => listen(controls, listener),
    onChange: (listener) => listen(changes, listener),
  }
}

/** Resolves when `holds` does, asked now and after every change. */
export const untilChanged = (
  hub: Pick<Hub, 'onChange'>,
  holds: () => boolean,
  signal: AbortSignal,
): Promise<void> =>
  new Promise((resolve, reject) => {
    if (holds()) return resolve()
    if (signal.aborted) return reject(signal.reason)
    const leave = () => {
      off()
      signal.removeEventListener('abort', onAbort)
    }
    const onAbort = () => {
      leave()
      reject(signal.reason)
    }
    const off = hub.onChange(() => {
      if (!holds()) return
      leave()
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
