import { setTimeout as sleep } from 'node:timers/promises'
import { ArtelError } from '#core/errors'
import type { ContainerState } from '#ports/engine'
import type { Inspected } from './container-state.ts'
import type { EngineHttp } from './http.ts'

/** How often the state is looked at beside the engine's own notice, which a failed start never gives. */
const lookEveryMs = 5000

type Exited = ContainerState & { readonly status: 'exited' }

type Inspect = (id: string, signal: AbortSignal) => Promise<Inspected | undefined>

const exitOf = async (
  inspect: Inspect,
  id: string,
  signal: AbortSignal,
): Promise<Exited | undefined> => {
  const found = await inspect(id, signal)
  if (found === undefined) throw new ArtelError('not-found', `container ${id} is gone`)
  const { state } = found.container
  return state.status === 'exited' ? state : undefined
}

/**
 * Waits for a container's exit. Asks for the notice first and looks at the state after the engine has
 * taken that in (its headers have come), so that an exit in between is not missed.
 */
export const waitForExit = async (
  http: EngineHttp,
  inspect: Inspect,
  id: string,
  signal: AbortSignal,
): Promise<Exited> => {
  const over = new AbortController()
  const both = AbortSignal.any([signal, over.signal])
  const call = {
    what: `wait ${id}`,
    method: 'POST',
    path: `/containers/${encodeURIComponent(id)}/wait`,
    query: { condition: 'next-exit' },
  } as const
  const notice = await http.stream(call, both)
  const noticed = new Promise<void>((resolve) => {
    notice.once('end', resolve)
    // A broken notice is answered by the next look, which fails itself where the engine is gone.
    notice.once('error', () => resolve())
    notice.once('close', resolve)
    notice.resume()
  })
  try {
    for (;;) {
      const exit = await exitOf(inspect, id, signal)
      if (exit !== undefined) return exit
      const pause = sleep(lookEveryMs, undefined, { signal: both })
      // The loser of the race ends with `over`; its rejection is not an event.
      pause.catch(() => undefined)
      if (notice.closed) await pause
      else await Promise.race([noticed, pause])
      signal.throwIfAborted()
    }
  } catch (error) {
    throw http.failure(error, signal)
  } finally {
    over.abort()
    notice.destroy()
  }
}
