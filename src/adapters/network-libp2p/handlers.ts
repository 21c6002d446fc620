import { ArtelError, toArtelError } from '#core/errors'
import { parsePeerId } from '#core/ids'
import type { Log } from '#ports/log'
import type { StreamHandler } from '#ports/network'
import type { Node } from './create.ts'
import { toPeerStream } from './stream.ts'

/** The protocols that this node serves; they may come before the node runs. */
export type Handlers = {
  readonly handle: (protocol: string, handler: StreamHandler) => () => void
  readonly attach: (node: Node) => Promise<void>
  readonly detach: () => void
}

/** Protocol handlers with at most `streamsMax` open inbound streams each; the next one is reset. */
export const createHandlers = (streamsMax: number, log: Log | undefined): Handlers => {
  const handlers = new Map<string, StreamHandler>()
  let node: Node | undefined

  const serve = async (on: Node, protocol: string, handler: StreamHandler) => {
    let open = 0
    await on.handle(
      protocol,
      (stream, connection) => {
        const remote = parsePeerId(connection.remotePeer.toString())
        if (remote === undefined || open >= streamsMax) {
          stream.abort(new ArtelError('busy', `too many streams of ${protocol}`))
          return
        }
        open += 1
        stream.addEventListener('close', () => {
          open -= 1
        })
        try {
          handler(toPeerStream(stream, remote))
        } catch (error) {
          const failure = toArtelError(error)
          log?.error('handler of a protocol failed', { protocol, reason: failure.message })
          stream.abort(failure)
        }
      },
      {
        maxInboundStreams: streamsMax,
        maxOutboundStreams: streamsMax,
        runOnLimitedConnection: true,
      },
    )
  }
  const logFailure = (protocol: string) => (error: unknown) =>
    log?.error('protocol cannot be registered', { protocol, reason: toArtelError(error).message })

  return {
    handle: (protocol, handler) => {
      if (handlers.has(protocol)) {
        throw new ArtelError('conflict', `protocol ${protocol} is served already`)
      }
      handlers.set(protocol, handler)
      // libp2p registers at once; what is waited for is only telling connected peers
      if (node !== undefined) serve(node, protocol, handler).catch(logFailure(protocol))
      return () => {
        if (handlers.get(protocol) !== handler) return
        handlers.delete(protocol)
        node?.unhandle(protocol).catch(logFailure(protocol))
      }
    },
    attach: async (started) => {
      for (const [protocol, handler] of handlers) await serve(started, protocol, handler)
      node = started
    },
    detach: () => {
      node = undefined
    },
  }
}
