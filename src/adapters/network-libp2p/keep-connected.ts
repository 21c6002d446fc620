import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '#ports/log'

export type KeepConnectedOptions = {
  readonly firstDelayMs: number
  readonly delayMsMax: number
  /** How often an open connection is looked at. */
  readonly checkMs: number
}

/**
 * Dials `target` whenever it is not connected, with a delay that doubles after each failure, until `signal`
 * aborts. Never throws.
 */
export const keepConnected = async (
  target: string,
  connection: {
    readonly isOpen: () => boolean
    readonly dial: (signal: AbortSignal) => Promise<unknown>
  },
  { firstDelayMs, delayMsMax, checkMs }: KeepConnectedOptions,
  log: Log | undefined,
  signal: AbortSignal,
): Promise<void> => {
  let delayMs = firstDelayMs
  while (!signal.aborted) {
    let waitMs = checkMs
    if (!connection.isOpen()) {
      try {
        await connection.dial(signal)
        delayMs = firstDelayMs
        log?.info('connected to bootstrap peer', { target })
      } catch (error) {
        if (signal.aborted) return
        log?.warn('bootstrap peer cannot be reached', {
          target,
          retryMs: delayMs,
          reason: error instanceof Error ? error.message : String(error),
        })
        waitMs = delayMs
        delayMs = Math.min(delayMs * 2, delayMsMax)
      }
    }
    await sleep(waitMs, undefined, { signal, ref: false }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
}
