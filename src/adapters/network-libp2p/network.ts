import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { ArtelError } from '#core/errors'
import { parsePeerId } from '#core/ids'
import type { Startable } from '#ports/lifecycle'
import type { Network } from '#ports/network'
import { createAddressBook } from './address-book.ts'
import { createNode, defaultBounds, type Node } from './create.ts'
import { createDialer, type Dialer, openTimeoutMs } from './dialer.ts'
import { listenError } from './errors.ts'
import { createHandlers } from './handlers.ts'
import { keepConnected } from './keep-connected.ts'
import {
  isMultiaddr,
  type Libp2pOptions,
  parseAddresses,
  parseBootstrap,
  parseKey,
} from './options.ts'
import { toPeerStream } from './stream.ts'
import { createTopics } from './topics.ts'

const peersLearntMax = 8192
const addressesPerPeerMax = 16
const keepOptions = { firstDelayMs: 1000, delayMsMax: 30_000, checkMs: 2000 }

/** Peers with an open connection, in id order. */
const connectedTo = (node: Node | undefined) => {
  const peers = (node?.getPeers() ?? []).map((peer) => parsePeerId(peer.toString()))
  return [...new Set(peers.filter((peer) => peer !== undefined))].sort()
}

const listeningOn = (node: Node | undefined): readonly string[] =>
  (node?.getMultiaddrs() ?? []).map((address) => address.toString().replace(/\/p2p\/[^/]+$/, ''))

/**
 * The peers of the world over libp2p: TCP, noise and yamux, with gossipsub. Errors as `ports/network`;
 * `start` throws 'unavailable' when an address cannot be listened on. Runs once: a new one after `stop`.
 */
export const createLibp2pNetwork = (options: Libp2pOptions): Network & Startable => {
  const { log } = options
  const bounds = { ...defaultBounds, ...options.bounds }
  const key = parseKey(options.signerPrivateKey)
  const listen = parseAddresses('listen', options.listen)
  const announce = parseAddresses('announce', options.announce ?? [])
  const bootstrap = parseAddresses('bootstrap', options.bootstrap).map(parseBootstrap)
  const self = parsePeerId(peerIdFromPrivateKey(key).toString())
  if (self === undefined) throw new ArtelError('internal', 'the node key gives no peer id')

  const book = createAddressBook(isMultiaddr, peersLearntMax, addressesPerPeerMax)
  const handlers = createHandlers(bounds.streamsPerProtocolMax, log)
  const topics = createTopics(log)
  const stopped = new AbortController()
  const keeping: Promise<void>[] = []
  let running: { readonly node: Node; readonly dialer: Dialer } | undefined

  const dialer = (): Dialer => {
    if (running === undefined) throw new ArtelError('unavailable', 'the network is not running')
    return running.dialer
  }
  const keepBootstrap = (node: Node, { isConnected }: Dialer) => {
    for (const { peer, address } of bootstrap.filter(({ peer }) => peer !== self)) {
      const connection = {
        isOpen: () => isConnected(peer),
        dial: (signal: AbortSignal) => {
          // with a signal of ours libp2p sets no time limit of its own
          const limit = AbortSignal.any([signal, AbortSignal.timeout(openTimeoutMs)])
          return node.dial(multiaddr(address), { signal: limit })
        },
      }
      keeping.push(keepConnected(address, connection, keepOptions, log, stopped.signal))
    }
  }
  const start = async (signal: AbortSignal) => {
    signal.throwIfAborted()
    const node = await createNode(key, listen, announce, bounds)
    await handlers.attach(node)
    topics.attach(node.services.pubsub)
    try {
      await node.start()
      stopped.signal.throwIfAborted()
    } catch (error) {
      await node.stop()
      throw listenError(error, listen)
    }
    running = {
      node,
      dialer: createDialer(node, book, bounds.streamsPerConnectionMax, stopped.signal),
    }
    topics.join()
    keepBootstrap(node, running.dialer)
  }

  return {
    self,
    addresses: () => listeningOn(running?.node),
    connected: () => connectedTo(running?.node),
    learn: book.learn,
    open: async (peer, protocol, signal) =>
      toPeerStream(await dialer().open(peer, protocol, signal), peer),
    handle: handlers.handle,
    pingMs: async (peer, signal) => dialer().pingMs(peer, signal),
    publish: topics.publish,
    subscribe: topics.subscribe,
    start,
    stop: async () => {
      stopped.abort(new ArtelError('cancelled', 'the network stops'))
      const node = running?.node
      running = undefined
      handlers.detach()
      topics.detach()
      await Promise.all(keeping)
      await node?.stop()
    },
  }
}
