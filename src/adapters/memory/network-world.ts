import type { PeerId } from '#core/ids'
import type { Clock } from '#ports/clock'
import type { StreamHandler, TopicMessage } from '#ports/network'
import type { Random } from '#ports/random'
import type { MemoryLine } from './network-line.ts'
import type { StreamEnd } from './network-stream.ts'

/** What one node knows of an open connection. */
export type Side = { readonly remote: NodeInternals; readonly ends: Set<StreamEnd> }

/** `crashed` answers with resets as a dead process's machine does, `dark` not at all as after a power cut. */
export type NodeState = 'new' | 'running' | 'stopped' | 'crashed' | 'dark'

/** One incarnation of a peer as the others' packets meet it. */
export type NodeInternals = {
  readonly peer: PeerId
  readonly state: () => NodeState
  readonly sides: Map<PeerId, Side>
  readonly handlers: Map<string, StreamHandler>
  /** Open inbound streams by protocol. */
  readonly inbound: Map<string, number>
  readonly hears: (topic: string) => boolean
  readonly receive: (message: GossipMessage, from: PeerId) => void
  /** Gives the connection up after `silenceMs` if nothing has come through by then. */
  readonly watchSilence: (remote: PeerId) => void
  /** The other side of the connection is gone: every stream over it fails. */
  readonly lose: (remote: NodeInternals) => void
}

export type GossipMessage = TopicMessage & { readonly id: number }

/** What the nodes of one internet share. */
export type World = {
  readonly clock: Clock
  readonly random: Random
  readonly silenceMs: number
  readonly openTimeoutMs: number
  readonly line: (from: PeerId, to: PeerId) => MemoryLine
  readonly byAddress: Map<string, NodeInternals>
  readonly nodes: Map<PeerId, NodeInternals>
  readonly nextMessageId: () => number
  /** Runs `work` in the background until the internet closes. */
  readonly spawn: (work: (signal: AbortSignal) => Promise<void>) => void
}

export const isRevoked = (node: NodeInternals): boolean =>
  node.state() === 'crashed' || node.state() === 'dark'
