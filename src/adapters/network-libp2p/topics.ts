import type { GossipSub } from '@libp2p/gossipsub'
import { ArtelError, toArtelError } from '#core/errors'
import { type PeerId, parsePeerId } from '#core/ids'
import type { Log } from '#ports/log'
import { type TopicMessage, topicBytesMax } from '#ports/network'

type Handler = (message: TopicMessage) => void

/** The gossip half of the network: handlers by topic, which may come before the node runs. */
export type Topics = {
  readonly publish: (topic: string, data: Uint8Array) => Promise<void>
  readonly subscribe: (topic: string, handler: Handler) => () => void
  /** Connects to the node's gossipsub, once, before the node starts. */
  readonly attach: (pubsub: GossipSub) => void
  /** Joins the topics that have handlers, once the node runs. */
  readonly join: () => void
  readonly detach: () => void
}

export const createTopics = (log: Log | undefined): Topics => {
  const handlers = new Map<string, Set<Handler>>()
  let pubsub: GossipSub | undefined
  let joined = false

  const deliver = (topic: string, from: PeerId, data: Uint8Array) => {
    for (const handler of handlers.get(topic) ?? []) {
      try {
        handler({ topic, from, data })
      } catch (error) {
        log?.error('handler of a topic failed', { topic, reason: toArtelError(error).message })
      }
    }
  }
  const leave = (topic: string) => {
    handlers.delete(topic)
    if (joined) pubsub?.unsubscribe(topic)
  }

  return {
    publish: async (topic, data) => {
      if (data.byteLength > topicBytesMax) {
        throw new ArtelError('too-large', `a message on ${topic} has ${data.byteLength} bytes`, {
          hint: `At most ${topicBytesMax} bytes fit.`,
        })
      }
      if (pubsub === undefined || !joined) {
        throw new ArtelError('unavailable', 'the network is not running')
      }
      await pubsub.publish(topic, data)
    },
    subscribe: (topic, handler) => {
      // a handler of its own for each call, so that one function may be subscribed twice
      const own: Handler = (message) => handler(message)
      const known = handlers.get(topic)
      if (known === undefined) {
        handlers.set(topic, new Set([own]))
        if (joined) pubsub?.subscribe(topic)
      } else {
        known.add(own)
      }
      return () => {
        const left = handlers.get(topic)
        if (left?.delete(own) === true && left.size === 0) leave(topic)
      }
    },
    attach: (gossipsub) => {
      pubsub = gossipsub
      gossipsub.addEventListener('message', ({ detail }) => {
        if (detail.type !== 'signed' || detail.data.byteLength > topicBytesMax) return
        const from = parsePeerId(detail.from.toString())
        if (from !== undefined) deliver(detail.topic, from, detail.data)
      })
    },
    join: () => {
      joined = true
      for (const topic of handlers.keys()) pubsub?.subscribe(topic)
    },
    detach: () => {
      joined = false
    },
  }
}
