import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey, ServiceMap } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { topicBytesMax } from '#ports/network'

/** How much one node takes on. */
export type Libp2pBounds = {
  readonly connectionsMax: number
  /** New connections a second from one IP address; a whole office or a test may sit behind one. */
  readonly connectionsPerSecondMax: number
  /** Streams in one direction on one connection, all protocols together. */
  readonly streamsPerConnectionMax: number
  /** Inbound streams of one protocol on all connections together. */
  readonly streamsPerProtocolMax: number
  /** The most one stream may have under way towards a reader that reads nothing. */
  readonly streamWindowBytesMax: number
}

export const defaultBounds: Libp2pBounds = {
  connectionsMax: 512,
  connectionsPerSecondMax: 200,
  streamsPerConnectionMax: 512,
  streamsPerProtocolMax: 1024,
  streamWindowBytesMax: 4 * 1024 * 1024,
}

export type Services = ServiceMap & { readonly ping: Ping; readonly pubsub: GossipSub }
export type Node = Libp2p<Services>

const gossip = () =>
  gossipsub({
    emitSelf: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    fallbackToFloodsub: false,
    maxInboundDataLength: 16 * topicBytesMax,
    maxOutboundBufferSize: 4 * 1024 * 1024,
  })

/** A libp2p node that is not started yet: TCP, noise, yamux, identify, ping, gossipsub; no public defaults. */
export const createNode = (
  privateKey: PrivateKey,
  listen: readonly string[],
  announce: readonly string[],
  bounds: Libp2pBounds,
): Promise<Node> =>
  createLibp2p<Services>({
    start: false,
    privateKey,
    addresses: { listen: [...listen], announce: [...announce] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: bounds.streamsPerConnectionMax,
        maxOutboundStreams: bounds.streamsPerConnectionMax,
        // streams that come while the connection is still being set up; libp2p resets the eleventh
        maxEarlyStreams: bounds.streamsPerConnectionMax,
        streamOptions: {
          maxStreamWindowSize: bounds.streamWindowBytesMax,
          // a paused stream must hold a whole window, or libp2p resets it
          maxReadBufferLength: 2 * bounds.streamWindowBytesMax,
        },
      }),
    ],
    connectionManager: {
      maxConnections: bounds.connectionsMax,
      inboundConnectionThreshold: bounds.connectionsPerSecondMax,
      maxIncomingPendingConnections: bounds.connectionsPerSecondMax,
      // bootstrap peers are kept by keep-connected, which never gives up
      reconnectRetries: 0,
    },
    // a busy machine answers late: the default of 5 s cut healthy connections
    connectionMonitor: { pingTimeout: { minTimeout: 10_000 } },
    services: {
      identify: identify(),
      ping: ping({ maxInboundStreams: 16, maxOutboundStreams: 16 }),
      pubsub: gossip(),
    },
  })
