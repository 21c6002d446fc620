import { ArtelError } from '#core/errors'
import type { PeerId } from '#core/ids'
import { type TopicMessage, topicBytesMax } from '#ports/network'
import type { GossipMessage, NodeInternals, Side, World } from './network-world.ts'

/** How many peers a node passes a message to, as a gossipsub mesh. */
const fanout = 8
/** Messages that a node recognises when they come again. */
const seenMax = 4096
const lossScale = 1_000_000

export type Gossip = {
  readonly hears: (topic: string) => boolean
  readonly publish: (topic: string, data: Uint8Array) => void
  readonly subscribe: (topic: string, handler: (message: TopicMessage) => void) => () => void
  readonly receive: (message: GossipMessage, from: PeerId) => void
}

/** `size` of `all`, drawn by chance, in drawn order. */
const draw = <T>(all: readonly T[], size: number, world: World): readonly T[] => {
  const left = [...all]
  const drawn: T[] = []
  while (left.length > 0 && drawn.length < size) {
    drawn.push(...left.splice(world.random.integer(left.length), 1))
  }
  return drawn
}

/** Flooding over connections between subscribers, each message once per node, some lost on the way. */
export const createGossip = (
  world: World,
  self: PeerId,
  sides: ReadonlyMap<PeerId, Side>,
  isRunning: () => boolean,
): Gossip => {
  const topics = new Map<string, Set<(message: TopicMessage) => void>>()
  const seen = new Set<number>()

  const remember = (id: number) => {
    seen.add(id)
    const oldest = seen.values().next()
    if (seen.size > seenMax && oldest.done === false) seen.delete(oldest.value)
  }
  const pass = (message: GossipMessage, except: PeerId) => {
    const listeners: NodeInternals[] = [...sides.values()]
      .map(({ remote }) => remote)
      .filter((remote) => remote.peer !== except && remote.peer !== message.from)
      .filter((remote) => remote.hears(message.topic))
    for (const remote of draw(listeners, fanout, world)) {
      const line = world.line(self, remote.peer)
      if (world.random.integer(lossScale) < line.link().lossRatio * lossScale) continue
      line.send(message.data.length, () => remote.receive(message, self))
    }
  }

  return {
    hears: (topic) => isRunning() && topics.has(topic),
    publish: (topic, data) => {
      if (data.length > topicBytesMax) {
        throw new ArtelError('too-large', `a message on ${topic} has ${data.length} bytes`, {
          hint: `At most ${topicBytesMax} bytes fit.`,
        })
      }
      const message = { id: world.nextMessageId(), topic, from: self, data: data.slice() }
      remember(message.id)
      pass(message, self)
    },
    subscribe: (topic, handler) => {
      const own = (message: TopicMessage) => handler(message)
      const handlers = topics.get(topic) ?? new Set()
      topics.set(topic, handlers.add(own))
      return () => {
        handlers.delete(own)
        if (handlers.size === 0 && topics.get(topic) === handlers) topics.delete(topic)
      }
    },
    receive: (message, from) => {
      if (!isRunning() || seen.has(message.id)) return
      const handlers = topics.get(message.topic)
      if (handlers === undefined) return
      remember(message.id)
      pass(message, from)
      const { topic, data } = message
      for (const handler of handlers) handler({ topic, from: message.from, data })
    },
  }
}
