import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '#core/ids'
import type { AddressBook } from './address-book.ts'
import type { Node } from './create.ts'
import { reachError } from './errors.ts'

/** From the first packet to the protocol's name; the caller's own signal may end it earlier. */
export const openTimeoutMs = 20_000

/** Reaches peers of a running node over an open or a new connection; errors as `ports/network`. */
export type Dialer = {
  readonly open: (peer: PeerId, protocol: string, signal: AbortSignal) => Promise<Stream>
  readonly pingMs: (peer: PeerId, signal: AbortSignal) => Promise<number>
  readonly isConnected: (peer: PeerId) => boolean
}

export const createDialer = (
  node: Node,
  book: AddressBook,
  streamsMax: number,
  stopped: AbortSignal,
): Dialer => {
  const openConnection = (peer: PeerId): Connection | undefined =>
    node.getConnections(peerIdFromString(peer)).find(({ status }) => status === 'open')

  const connect = async (peer: PeerId, signal: AbortSignal): Promise<Connection> => {
    const open = openConnection(peer)
    if (open !== undefined) return open
    const id = peerIdFromString(peer)
    const addresses = book.of(peer)
    if (addresses.length > 0) {
      await node.peerStore.merge(id, { multiaddrs: addresses.map((text) => multiaddr(text)) })
    }
    return node.dial(id, { signal })
  }

  const newStream = async (peer: PeerId, protocol: string, signal: AbortSignal) => {
    const options = { signal, runOnLimitedConnection: true, maxOutboundStreams: streamsMax }
    const connection = await connect(peer, signal)
    try {
      return await connection.newStream(protocol, options)
    } catch (error) {
      if (signal.aborted || connection.status === 'open') throw error
      // the connection had died unnoticed: once more over a new one
      return await (await connect(peer, signal)).newStream(protocol, options)
    }
  }

  const reach = async <T>(
    peer: PeerId,
    protocol: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    signal.throwIfAborted()
    const limit = AbortSignal.any([signal, stopped, AbortSignal.timeout(openTimeoutMs)])
    try {
      return await work(limit)
    } catch (error) {
      throw reachError(error, peer, protocol, signal)
    }
  }

  return {
    open: (peer, protocol, signal) =>
      reach(peer, protocol, signal, (limit) => newStream(peer, protocol, limit)),
    pingMs: (peer, signal) =>
      reach(peer, 'ping', signal, async (limit) => {
        const connection = await connect(peer, limit)
        return node.services.ping.ping(connection.remotePeer, { signal: limit })
      }),
    isConnected: (peer) => openConnection(peer) !== undefined,
  }
}
