import { ArtelError } from '#core/errors'
import type { PeerId } from '#core/ids'
import type { Clock } from '#ports/clock'
import type { Startable } from '#ports/lifecycle'
import type { Log } from '#ports/log'
import type { Network, PeerStream } from '#ports/network'
import { callProtocol, headOverheadBytes } from '#protocol/peer/call'
import type { PeerRoute } from '#protocol/peer/route'
import { type Handler, type Served, serve } from './served.ts'
import { answerCall, refuseCall, type ServerCall } from './server-call.ts'

export type ServerOptions = {
  /** Calls in progress, all peers together and one peer alone; the next one is answered 'busy'. */
  readonly callsMax: number
  readonly callsPerPeerMax: number
}

/** Answers peers' typed calls. */
export type Server = Startable & {
  /** Serves a route until the returned function is called. Throws 'conflict' for a second handler. */
  readonly handle: <Params, Result>(
    route: PeerRoute<Params, Result>,
    handler: Handler<Params, Result>,
  ) => () => void
}

type Components = {
  readonly network: Pick<Network, 'handle'>
  readonly clock: Clock
  readonly log: Log
}

/**
 * A server of calls. Unknown routes are 'unsupported'; a handler's ArtelError reaches the peer, any other
 * error as 'internal' without its message, which is logged. `stop` aborts the running handlers' signals and
 * waits for them.
 */
export const createServer = (
  { network, clock, log }: Components,
  { callsMax, callsPerPeerMax }: ServerOptions,
): Server => {
  const served = new Map<string, Served>()
  const running = new Set<Promise<void>>()
  const callsOf = new Map<PeerId, number>()
  const stopped = new AbortController()
  let calls = 0
  let unhandle: (() => void) | undefined

  const count = (peer: PeerId, change: 1 | -1) => {
    calls += change
    const left = (callsOf.get(peer) ?? 0) + change
    if (left === 0) callsOf.delete(peer)
    else callsOf.set(peer, left)
  }
  const answer = async (call: ServerCall, peer: PeerId): Promise<void> => {
    if (calls >= callsMax || (callsOf.get(peer) ?? 0) >= callsPerPeerMax) {
      const busy = new ArtelError('busy', 'too many calls at once', { hint: 'Try again later.' })
      return refuseCall(call, busy)
    }
    count(peer, 1)
    try {
      await answerCall(call)
    } finally {
      count(peer, -1)
    }
  }
  const headBytesMax = () =>
    [...served.values()].reduce((most, { route }) => Math.max(most, route.paramsBytesMax), 0) +
    headOverheadBytes

  const onStream = (stream: PeerStream) => {
    if (stopped.signal.aborted) return stream.reset(new ArtelError('unavailable', 'the node stops'))
    const call = {
      stream,
      clock,
      log,
      served,
      headBytesMax: headBytesMax(),
      stopped: stopped.signal,
    }
    const work = answer(call, stream.remote).finally(() => running.delete(work))
    running.add(work)
  }

  return {
    handle: (route, handler) => {
      if (served.has(route.name)) {
        throw new ArtelError('conflict', `route ${route.name} has a handler already`)
      }
      const entry = serve(route, handler)
      served.set(route.name, entry)
      return () => {
        if (served.get(route.name) === entry) served.delete(route.name)
      }
    },
    start: async (signal) => {
      signal.throwIfAborted()
      unhandle = network.handle(callProtocol, onStream)
    },
    stop: async () => {
      unhandle?.()
      stopped.abort(new ArtelError('unavailable', 'the node stops'))
      await Promise.all(running)
    },
  }
}
