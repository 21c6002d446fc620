import type { PeerId } from '#core/ids'

/** A peer, and where it may be dialled: libp2p multiaddrs without the /p2p part; may be empty. */
export type PeerAddress = { readonly peer: PeerId; readonly addresses: readonly string[] }

/**
 * One ordered, encrypted, flow-controlled byte stream to an authenticated peer.
 * `read` is iterated once. `write` resolves when the transport took the bytes (backpressure) and throws
 * 'unavailable' when the stream is gone. `end` half-closes; `reset` drops both halves at once, idempotent.
 */
export type PeerStream = {
  readonly remote: PeerId
  readonly read: AsyncIterable<Uint8Array>
  readonly write: (bytes: Uint8Array, signal: AbortSignal) => Promise<void>
  readonly end: () => Promise<void>
  readonly reset: (reason: Error) => void
}

export type StreamHandler = (stream: PeerStream) => void

/** A message on a topic, its sender authenticated by the transport. At most once, unordered, may be lost. */
export type TopicMessage = {
  readonly topic: string
  readonly from: PeerId
  readonly data: Uint8Array
}

/** The peers of the world. Started and stopped by whoever made it. */
export type Network = {
  readonly self: PeerId
  /** Where this node listens now, without the /p2p part. */
  readonly addresses: () => readonly string[]
  /** Peers with an open connection, in id order. */
  readonly connected: () => readonly PeerId[]
  /** Remembers where a peer may be dialled; bounded, newest kept. */
  readonly learn: (address: PeerAddress) => void
  /**
   * Opens a stream, dialling if needed. Throws 'unavailable' (no address answers, refused) or 'unsupported'
   * (the peer does not speak the protocol).
   */
  readonly open: (peer: PeerId, protocol: string, signal: AbortSignal) => Promise<PeerStream>
  /** Serves a protocol until the returned function is called. Handlers beyond the bound are reset. */
  readonly handle: (protocol: string, handler: StreamHandler) => () => void
  /** Round-trip time over an open or new connection, milliseconds. */
  readonly pingMs: (peer: PeerId, signal: AbortSignal) => Promise<number>
  /** Gossips `data` (at most `topicBytesMax`); resolves when handed to the mesh, however many peers it has. */
  readonly publish: (topic: string, data: Uint8Array) => Promise<void>
  /** Calls `handler` for every message on `topic` until the returned function is called. */
  readonly subscribe: (topic: string, handler: (message: TopicMessage) => void) => () => void
}

export const topicBytesMax = 16 * 1024
