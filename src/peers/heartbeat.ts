import { ArtelError } from '#core/errors'
import type { PeerId } from '#core/ids'
import type { Clock } from '#ports/clock'

/** How a watched peer stands. */
export type Pulse = {
  readonly peer: PeerId
  /** Wall time of its last sign of life; undefined before the first. */
  readonly lastSeenMs: number | undefined
  /** Round trip, smoothed; undefined before the first. */
  readonly rttMs: number | undefined
  /** Since its last sign of life, or since it is watched. */
  readonly silentMs: number
}

/** Signs of life of some peers, measured by asking them. */
export type Heartbeat = {
  /** Watches a peer until the returned function is called; may be called several times. Throws 'busy' at the bound. */
  readonly watch: (peer: PeerId) => () => void
  readonly of: (peer: PeerId) => Pulse | undefined
  readonly all: () => readonly Pulse[]
  /** Notes a sign of life that came another way. */
  readonly seen: (peer: PeerId) => void
  /** Calls `handler` after every answer and every failure, until the returned function is called. */
  readonly onChange: (handler: (pulse: Pulse) => void) => () => void
  /** Stops all watching and waits for the questions under way. */
  readonly stop: () => Promise<void>
}

export type HeartbeatOptions = {
  readonly intervalMs?: number
  /** How long one question waits. */
  readonly timeoutMs?: number
  readonly peersMax?: number
}

type Components = {
  readonly clock: Clock
  /** Asks a peer for a sign of life; resolves with the round trip in milliseconds. */
  readonly ping: (peer: PeerId, signal: AbortSignal) => Promise<number>
}

type Watched = {
  watchers: number
  seenAtMs: number
  lastSeenMs: number | undefined
  rttMs: number | undefined
  readonly stop: AbortController
}

/** The weight of a new round trip, as in TCP (RFC 6298). */
const rttGain = 1 / 8

const note = (entry: Watched, clock: Clock) => {
  entry.seenAtMs = clock.monotonicMs()
  entry.lastSeenMs = clock.nowMs()
}

/** Asks the peer again and again until its entry stops; `tell` is called after each answer or failure. */
const beat = async (
  { clock, ping }: Components,
  peer: PeerId,
  entry: Watched,
  { intervalMs, timeoutMs }: Required<Pick<HeartbeatOptions, 'intervalMs' | 'timeoutMs'>>,
  tell: () => void,
): Promise<void> => {
  const { signal } = entry.stop
  const ask = (limit: AbortSignal) => ping(peer, limit)
  while (!signal.aborted) {
    const askedAtMs = clock.monotonicMs()
    try {
      const rttMs = await clock.within(timeoutMs, signal, 'heartbeat', ask)
      entry.rttMs =
        entry.rttMs === undefined ? rttMs : entry.rttMs + (rttMs - entry.rttMs) * rttGain
      note(entry, clock)
    } catch (error) {
      // that a peer does not answer is what its growing silence says
      if (!(error instanceof ArtelError)) throw error
    }
    if (signal.aborted) return
    tell()
    await clock.sleep(Math.max(0, askedAtMs + intervalMs - clock.monotonicMs()), signal)
  }
}

export const createHeartbeat = (
  { clock, ping }: Components,
  { intervalMs = 5000, timeoutMs = 5000, peersMax = 256 }: HeartbeatOptions = {},
): Heartbeat => {
  const watched = new Map<PeerId, Watched>()
  const handlers = new Set<(pulse: Pulse) => void>()
  const running = new Set<Promise<void>>()

  const pulseOf = (peer: PeerId, { lastSeenMs, rttMs, seenAtMs }: Watched): Pulse => ({
    peer,
    lastSeenMs,
    rttMs,
    silentMs: clock.monotonicMs() - seenAtMs,
  })
  const tell = (peer: PeerId, entry: Watched) => {
    const pulse = pulseOf(peer, entry)
    for (const handler of handlers) handler(pulse)
  }
  const start = (peer: PeerId): Watched => {
    if (watched.size >= peersMax) {
      throw new ArtelError('busy', `${peersMax} peers are watched already`)
    }
    const stop = new AbortController()
    const seenAtMs = clock.monotonicMs()
    const entry: Watched = { watchers: 0, seenAtMs, lastSeenMs: undefined, rttMs: undefined, stop }
    watched.set(peer, entry)
    const work = beat({ clock, ping }, peer, entry, { intervalMs, timeoutMs }, () =>
      tell(peer, entry),
    )
      .catch((error: unknown) => {
        if (!stop.signal.aborted) throw error
      })
      .finally(() => running.delete(work))
    running.add(work)
    return entry
  }
  return {
    watch: (peer) => {
      const entry = watched.get(peer) ?? start(peer)
      entry.watchers += 1
      let left = false
      return () => {
        if (left) return
        left = true
        entry.watchers -= 1
        if (entry.watchers > 0) return
        if (watched.get(peer) === entry) watched.delete(peer)
        entry.stop.abort(new ArtelError('cancelled', 'no longer watched'))
      }
    },
    of: (peer) => {
      const entry = watched.get(peer)
      return entry === undefined ? undefined : pulseOf(peer, entry)
    },
    all: () => [...watched].map(([peer, entry]) => pulseOf(peer, entry)),
    seen: (peer) => {
      const entry = watched.get(peer)
      if (entry !== undefined) note(entry, clock)
    },
    onChange: (handler) => {
      const own = (pulse: Pulse) => handler(pulse)
      handlers.add(own)
      return () => {
        handlers.delete(own)
      }
    },
    stop: async () => {
      for (const entry of watched.values()) entry.stop.abort(new ArtelError('cancelled', 'stopped'))
      watched.clear()
      await Promise.all(running)
    },
  }
}
