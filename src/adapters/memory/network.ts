import { ArtelError } from '#core/errors'
import type { PeerId } from '#core/ids'
import type { Clock } from '#ports/clock'
import type { Random } from '#ports/random'
import { createMemoryLine, type MemoryLine, type MemoryLink } from './network-line.ts'
import { createMemoryNode, type MemoryNode } from './network-node.ts'
import type { World } from './network-world.ts'

export type MemoryNodeOptions = {
  readonly peer: PeerId
  /** Where the node may be dialled; `/memory/<peer>` when left out, none = dial only. */
  readonly addresses?: readonly string[]
}

/** Many nodes in one process on a virtual clock: what happens depends on the seed and the calls only. */
export type MemoryInternet = {
  /** A new incarnation of a peer; an earlier one must have stopped or crashed. */
  readonly node: (options: MemoryNodeOptions) => MemoryNode
  /** Changes both directions between two peers; unchanged ones have the internet's own link. */
  readonly setLink: (a: PeerId, b: PeerId, link: Partial<MemoryLink>) => void
  /** Nothing passes between any of `a` and any of `b` until `heal`; streams notice after `silenceMs`. */
  readonly partition: (a: readonly PeerId[], b: readonly PeerId[]) => void
  readonly heal: (a: readonly PeerId[], b: readonly PeerId[]) => void
  /** Ends every delivery and timer. */
  readonly close: () => void
}

export type MemoryInternetOptions = {
  readonly link?: Partial<MemoryLink>
  /** How long a connection without a sign of the other side is believed in. */
  readonly silenceMs?: number
  /** How long a dial or a negotiation waits for an answer. */
  readonly openTimeoutMs?: number
}

const defaultLink: MemoryLink = {
  latencyMs: 20,
  jitterMs: 0,
  bytesPerSecond: 12_500_000,
  lossRatio: 0,
}

export const createMemoryInternet = (
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  options: MemoryInternetOptions = {},
): MemoryInternet => {
  const closed = new AbortController()
  const lines = new Map<string, MemoryLine>()
  const link = { ...defaultLink, ...options.link }
  let messages = 0

  const line = (from: PeerId, to: PeerId): MemoryLine => {
    const key = `${from} ${to}`
    const known = lines.get(key)
    if (known !== undefined) return known
    const made = createMemoryLine({ clock, random }, link, closed.signal)
    lines.set(key, made)
    return made
  }
  const world: World = {
    clock,
    random,
    silenceMs: options.silenceMs ?? 13_000,
    openTimeoutMs: options.openTimeoutMs ?? 10_000,
    line,
    byAddress: new Map(),
    nodes: new Map(),
    nextMessageId: () => messages++,
    spawn: (work) => {
      work(closed.signal).catch((error: unknown) => {
        if (!closed.signal.aborted) throw error
      })
    },
  }
  const eachPair = (
    a: readonly PeerId[],
    b: readonly PeerId[],
    visit: (x: PeerId, y: PeerId) => void,
  ) => {
    for (const x of a) for (const y of b) if (x !== y) visit(x, y)
  }

  return {
    node: ({ peer, addresses = [`/memory/${peer}`] }) => {
      const known = world.nodes.get(peer)
      if (known?.state() === 'running') {
        throw new ArtelError('conflict', `peer ${peer} is in this internet already`)
      }
      return createMemoryNode(world, peer, addresses)
    },
    setLink: (a, b, change) => {
      line(a, b).setLink(change)
      line(b, a).setLink(change)
    },
    partition: (a, b) =>
      eachPair(a, b, (x, y) => {
        line(x, y).cut()
        line(y, x).cut()
        world.nodes.get(x)?.watchSilence(y)
        world.nodes.get(y)?.watchSilence(x)
      }),
    heal: (a, b) =>
      eachPair(a, b, (x, y) => {
        line(x, y).heal()
        line(y, x).heal()
      }),
    close: () => closed.abort(new ArtelError('cancelled', 'the internet closed')),
  }
}
