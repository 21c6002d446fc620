import type { MemoryNode } from '#adapters/memory/network-node'
import { toArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import type { Startable } from '#ports/lifecycle'
import type { Log } from '#ports/log'
import type { PeerAddress } from '#ports/network'

const everyMs = 15_000

/** Keeps a node connected to the peers through which it joined, as a network adapter does. */
export const keepConnected = (
  components: { readonly network: MemoryNode; readonly clock: Clock; readonly log: Log },
  bootstrap: readonly PeerAddress[],
): Startable => {
  const { network, clock, log } = components
  const stopped = new AbortController()
  let running: Promise<void> | undefined
  const others = bootstrap.filter(({ peer }) => peer !== network.self)

  const reach = async (): Promise<void> => {
    const connected = new Set(network.connected())
    for (const { peer } of others) {
      if (connected.has(peer)) continue
      try {
        await network.pingMs(peer, stopped.signal)
      } catch (error) {
        if (stopped.signal.aborted) throw error
        log.debug('cannot reach a bootstrap node', { reason: toArtelError(error).message })
      }
    }
  }
  const keep = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await reach()
      await clock.sleep(everyMs, stopped.signal)
    }
  }
  return {
    start: async () => {
      for (const address of others) network.learn(address)
      running = keep().catch((error: unknown) => {
        if (!stopped.signal.aborted) throw error
      })
    },
    stop: async () => {
      stopped.abort()
      await running
    },
  }
}

/** Starts the parts in order and stops them the other way round. */
export const together = (...parts: readonly Startable[]): Startable => ({
  start: async (signal) => {
    for (const part of parts) await part.start(signal)
  },
  stop: async () => {
    for (const part of parts.toReversed()) await part.stop()
  },
})
