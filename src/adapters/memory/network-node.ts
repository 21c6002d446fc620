import { ArtelError } from '#core/errors'
import type { PeerId } from '#core/ids'
import type { Startable } from '#ports/lifecycle'
import type { Network } from '#ports/network'
import { ask, connect, openStream, unavailable } from './network-dial.ts'
import { createGossip } from './network-gossip.ts'
import {
  isRevoked,
  type NodeInternals,
  type NodeState,
  type Side,
  type World,
} from './network-world.ts'

/** A network port of the memory internet, with the faults of the machine under it. */
export type MemoryNode = Network &
  Startable & {
    /**
     * Kills this incarnation: its calls never settle, its handlers never run again. After `reset` its
     * connections are reset as the kernel of a dead process does; after `silent`, a power cut, nobody is told.
     */
    readonly crash: (how: 'reset' | 'silent') => void
  }

const addressesMax = 16
const peersLearntMax = 8192
const notRunning = () => new ArtelError('unavailable', 'the network is not running')

const createSides = (world: World, self: () => NodeInternals) => {
  const sides = new Map<PeerId, Side>()
  const lose = (remote: NodeInternals) => {
    const side = sides.get(remote.peer)
    if (side?.remote !== remote) return
    sides.delete(remote.peer)
    for (const end of [...side.ends]) end.fail(unavailable(remote.peer, 'is lost'))
  }
  /** Tells every connected node, in its own time, that this end is gone. */
  const tellGone = () => {
    for (const { remote } of sides.values()) {
      world.line(self().peer, remote.peer).send(0, () => remote.lose(self()))
    }
  }
  const watchSilence = (peer: PeerId) => {
    const side = sides.get(peer)
    if (side === undefined) return
    world.spawn(async (signal) => {
      await world.clock.sleep(world.silenceMs, signal)
      const dark = side.remote.state() === 'dark'
      const cut = world.line(peer, self().peer).cutForMs() >= world.silenceMs
      if (sides.get(peer) === side && (dark || cut)) lose(side.remote)
    })
  }
  return { sides, lose, tellGone, watchSilence }
}

/** Where peers may be dialled, those learnt last. */
const createBook = () => {
  const book = new Map<PeerId, readonly string[]>()
  const learn: Network['learn'] = ({ peer, addresses }) => {
    if (addresses.length === 0) return
    const known = [...new Set([...addresses, ...(book.get(peer) ?? [])])].slice(0, addressesMax)
    book.delete(peer)
    book.set(peer, known)
    const oldest = book.keys().next()
    if (book.size > peersLearntMax && oldest.done === false) book.delete(oldest.value)
  }
  return { learn, of: (peer: PeerId) => book.get(peer) ?? [] }
}

/** Runs work of a running node; once it has crashed the promise never settles. */
const whileAlive =
  (self: NodeInternals) =>
  <T>(work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const unlessDead = (settle: () => void) => {
        if (!isRevoked(self)) settle()
      }
      unlessDead(() => {
        const running = self.state() === 'running' ? work() : Promise.reject(notRunning())
        running.then(
          (value) => unlessDead(() => resolve(value)),
          (error: unknown) => unlessDead(() => reject(error)),
        )
      })
    })

const reachWithin = async <T>(
  world: World,
  to: PeerId,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  signal.throwIfAborted()
  try {
    return await world.clock.within(world.openTimeoutMs, signal, 'opening', work)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (!(error instanceof ArtelError && error.code === 'timeout')) throw error
    throw unavailable(to, 'does not answer')
  }
}

export const createMemoryNode = (
  world: World,
  peer: PeerId,
  addresses: readonly string[],
): MemoryNode => {
  let state: NodeState = 'new'
  const isRunning = () => state === 'running'
  const { sides, lose, tellGone, watchSilence } = createSides(world, () => self)
  const gossip = createGossip(world, peer, sides, isRunning)
  const book = createBook()
  const self: NodeInternals = {
    peer,
    state: () => state,
    sides,
    handlers: new Map(),
    inbound: new Map(),
    hears: gossip.hears,
    receive: gossip.receive,
    watchSilence,
    lose,
  }

  const alive = whileAlive(self)
  const reach = <T>(to: PeerId, signal: AbortSignal, work: (s: AbortSignal) => Promise<T>) =>
    alive(() => reachWithin(world, to, signal, work))

  return {
    self: peer,
    addresses: () => (isRunning() ? addresses : []),
    connected: () => [...sides.keys()].sort(),
    learn: book.learn,
    open: (to, protocol, signal) =>
      reach(to, signal, async (limit) => {
        const side = await connect(world, self, to, book.of(to), limit)
        return openStream(world, self, side, protocol, limit)
      }),
    handle: (protocol, handler) => {
      if (self.handlers.has(protocol)) {
        throw new ArtelError('conflict', `protocol ${protocol} is served already`)
      }
      self.handlers.set(protocol, handler)
      return () => {
        if (self.handlers.get(protocol) === handler) self.handlers.delete(protocol)
      }
    },
    pingMs: (to, signal) =>
      reach(to, signal, async (limit) => {
        const { remote } = await connect(world, self, to, book.of(to), limit)
        const beganMs = world.clock.monotonicMs()
        await ask(world, self, { to, find: () => remote, answer: () => undefined }, limit)
        return world.clock.monotonicMs() - beganMs
      }),
    publish: (topic, data) => alive(async () => gossip.publish(topic, data)),
    subscribe: gossip.subscribe,
    start: async (signal) => {
      signal.throwIfAborted()
      if (state !== 'new') throw new ArtelError('conflict', `peer ${peer} has run already`)
      state = 'running'
      const former = world.nodes.get(peer)
      world.nodes.set(peer, self)
      for (const address of addresses) world.byAddress.set(address, self)
      for (const { remote } of former?.sides.values() ?? []) {
        world.line(peer, remote.peer).send(0, () => {
          if (former !== undefined) remote.lose(former)
        })
      }
    },
    stop: async () => {
      if (!isRunning()) return
      tellGone()
      for (const { remote } of [...sides.values()]) lose(remote)
      state = 'stopped'
    },
    crash: (how) => {
      if (!isRunning()) return
      if (how === 'reset') tellGone()
      state = how === 'reset' ? 'crashed' : 'dark'
      if (how === 'silent') for (const { remote } of sides.values()) remote.watchSilence(peer)
    },
  }
}
