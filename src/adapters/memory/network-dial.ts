import { ArtelError } from '#core/errors'
import type { PeerId } from '#core/ids'
import type { PeerStream } from '#ports/network'
import { createStreamPair, type EndOptions, type StreamEnd } from './network-stream.ts'
import { isRevoked, type NodeInternals, type Side, type World } from './network-world.ts'

/** What a question or an answer weighs on the line. */
const askBytes = 64
const streamsPerProtocolMax = 1024

export const unavailable = (peer: PeerId, why: string) =>
  new ArtelError('unavailable', `peer ${peer} ${why}`)

type Question<T> = {
  readonly to: PeerId
  /** Whom the question meets when it arrives. */
  readonly find: () => NodeInternals | undefined
  readonly answer: (remote: NodeInternals) => T
  /** What to do with an answer that nobody waits for any more. */
  readonly discard?: (late: T) => void
}

/** Asks a running node and waits for the answer's way back; a dark one never answers. */
export const ask = <T>(
  world: World,
  self: NodeInternals,
  { to, find, answer, discard }: Question<T>,
  signal: AbortSignal,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    const reply = (settle: () => void) =>
      world.line(to, self.peer).send(askBytes, () => {
        signal.removeEventListener('abort', onAbort)
        if (!isRevoked(self)) settle()
      })
    world.line(self.peer, to).send(askBytes, () => {
      const remote = find()
      if (remote?.state() === 'dark') return
      if (remote === undefined || remote.state() !== 'running') {
        return reply(() => reject(unavailable(to, 'refused the connection')))
      }
      try {
        const value = answer(remote)
        reply(() => (signal.aborted ? discard?.(value) : resolve(value)))
      } catch (error) {
        reply(() => reject(error))
      }
    })
  })

const addSide = (node: NodeInternals, remote: NodeInternals): Side => {
  const known = node.sides.get(remote.peer)
  if (known?.remote === remote) return known
  if (known !== undefined) node.lose(known.remote)
  const side: Side = { remote, ends: new Set() }
  node.sides.set(remote.peer, side)
  return side
}

/** The open connection to `peer`, or a new one to the first of its addresses that answers. */
export const connect = async (
  world: World,
  self: NodeInternals,
  peer: PeerId,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<Side> => {
  const open = self.sides.get(peer)
  if (open !== undefined) return open
  for (const address of addresses) {
    const find = () => {
      const node = world.byAddress.get(address)
      return node?.peer === peer ? node : undefined
    }
    try {
      const answer = (remote: NodeInternals) => {
        addSide(remote, self)
        return remote
      }
      return addSide(self, await ask(world, self, { to: peer, find, answer }, signal))
    } catch (error) {
      if (signal.aborted || !(error instanceof ArtelError && error.code === 'unavailable')) {
        throw error
      }
    }
  }
  throw unavailable(peer, addresses.length === 0 ? 'has no known address' : 'cannot be reached')
}

const endOptions = (
  world: World,
  owner: NodeInternals,
  remote: NodeInternals,
  onDone: () => void,
): EndOptions => ({
  remote: remote.peer,
  send: (bytes, arrive) => {
    if (isRevoked(owner)) return
    world.line(owner.peer, remote.peer).send(bytes, () => {
      if (!isRevoked(remote)) arrive()
    })
  },
  isAlive: () => !isRevoked(owner),
  onDone,
})

/** Opens a stream over `side`, whose remote serves `protocol` or the promise throws 'unsupported'. */
export const openStream = async (
  world: World,
  self: NodeInternals,
  side: Side,
  protocol: string,
  signal: AbortSignal,
): Promise<PeerStream> => {
  const answer = (remote: NodeInternals): StreamEnd => {
    const handler = remote.handlers.get(protocol)
    const theirs = remote.sides.get(self.peer)
    if (theirs?.remote !== self) throw unavailable(remote.peer, 'closed the connection')
    if (handler === undefined) {
      throw new ArtelError('unsupported', `peer ${remote.peer} does not speak ${protocol}`)
    }
    const counts = remote.inbound
    const open = counts.get(protocol) ?? 0
    if (open >= streamsPerProtocolMax) throw unavailable(remote.peer, 'has too many streams')
    counts.set(protocol, open + 1)
    const pair = createStreamPair(
      endOptions(world, self, remote, () => side.ends.delete(pair.a)),
      endOptions(world, remote, self, () => {
        theirs.ends.delete(pair.b)
        counts.set(protocol, (counts.get(protocol) ?? 1) - 1)
      }),
    )
    side.ends.add(pair.a)
    theirs.ends.add(pair.b)
    handler(pair.b.stream)
    return pair.a
  }
  const discard = (late: StreamEnd) => late.stream.reset(new ArtelError('cancelled', 'too late'))
  const find = () => side.remote
  const end = await ask(world, self, { to: side.remote.peer, find, answer, discard }, signal)
  return end.stream
}
