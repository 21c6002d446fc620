import type { Address } from '#core/ids'
import type { OfferFilter } from '#core/offer'
import { noResources } from '#core/resources'
import { createFollower, type Follower } from '#ledger/follower'
import { createOutbox, type Outbox } from '#ledger/outbox'
import { type Caller, createCaller } from '#peers/caller'
import { answerMarket, askMarket } from '#peers/market-query'
import { listenToOffers } from '#peers/offer-gossip'
import { createOfferIndex, type OfferIndex } from '#peers/offer-index'
import { createServer, type Server } from '#peers/server'
import type { Chain } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Startable } from '#ports/lifecycle'
import type { Log } from '#ports/log'
import type { Network } from '#ports/network'
import type { Random } from '#ports/random'
import type { Records } from '#ports/records'
import type { Signer } from '#ports/signer'
import { nodePing } from '#protocol/peer/host-routes'

/** What every node needs of the world, whatever its role. */
export type BasePorts = {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly signer: Signer
  readonly records: Records
  readonly network: Network
  readonly chain: Chain
}

export type BaseOptions = {
  /** Regions whose offers are gossiped to this node. */
  readonly regions: readonly string[]
  /** Keeps the index of offers and answers queries about it. */
  readonly marketNode: boolean
  /** Accounts whose leases are followed; the node's own when absent. */
  readonly accounts?: readonly Address[]
  readonly fromBlock?: number
}

/** What host and tenant of one node share: one account, one view of the chain, one network. */
export type Base = Startable & {
  readonly ports: BasePorts
  readonly caller: Caller
  readonly server: Server
  readonly follower: Follower
  readonly outbox: Outbox
  readonly index: OfferIndex
  /** Asks neighbours for offers of any region; the answers are in the index. */
  readonly refreshMarket: (signal: AbortSignal) => Promise<void>
}

const marketIntervalMs = 60_000
const marketFirstMs = 1_000
const marketTimeoutMs = 20_000

export const assembleBase = (ports: BasePorts, options: BaseOptions): Base => {
  const { clock, random, log, signer, records, network, chain } = ports
  const caller = createCaller({ network, clock })
  const server = createServer({ network, clock, log }, { callsMax: 512, callsPerPeerMax: 128 })
  const follower = createFollower(
    { chain, records, clock, log },
    { accounts: options.accounts ?? [signer.address], fromBlock: options.fromBlock ?? 0 },
  )
  const outbox = createOutbox({ chain, records, clock, log, signer })
  const index = learning(createOfferIndex({ clock }), network)
  const everything: OfferFilter = {
    chainId: chain.info.chainId,
    leases: chain.info.leases,
    regions: [],
    archs: [],
    resources: noResources,
    features: [],
  }
  const refreshMarket = async (signal: AbortSignal): Promise<void> => {
    const components = { caller, network, clock, random, index, log }
    await askMarket(components, everything, signal)
    index.prune()
  }
  const market = options.marketNode
    ? keepMarket({ clock, log, network, server, index, refreshMarket }, options.regions)
    : undefined
  const unserve = server.handle(nodePing, async () => ({ result: { nowMs: clock.nowMs() } }))

  return {
    ports,
    caller,
    server,
    follower,
    outbox,
    index,
    refreshMarket,
    start: async (signal) => {
      await follower.start(signal)
      await outbox.start(signal)
      await server.start(signal)
      market?.start()
    },
    stop: async () => {
      unserve()
      await market?.stop()
      await server.stop()
      await outbox.stop()
      await follower.stop()
    },
  }
}

/** The index, which tells the network where the hosts of its offers may be dialled. */
const learning = (index: OfferIndex, network: Network): OfferIndex => ({
  ...index,
  add: (signed, from, how) => {
    const outcome = index.add(signed, from, how)
    const { peer, addresses } = signed.offer
    if (outcome === 'added' && peer !== network.self) network.learn({ peer, addresses })
    return outcome
  },
})

type MarketParts = Pick<BasePorts, 'clock' | 'log' | 'network'> & {
  readonly server: Server
  readonly index: OfferIndex
  readonly refreshMarket: (signal: AbortSignal) => Promise<void>
}

/** Listens to offers, answers queries, and asks neighbours now and then for what gossip missed. */
const keepMarket = (parts: MarketParts, regions: readonly string[]) => {
  const { clock, log, network, server, index, refreshMarket } = parts
  const stopped = new AbortController()
  let running: Promise<void> | undefined
  let leave: (() => void)[] = []
  const ask = async (): Promise<void> => {
    for (let waitMs = marketFirstMs; !stopped.signal.aborted; ) {
      try {
        await clock.sleep(waitMs, stopped.signal)
        await clock.within(marketTimeoutMs, stopped.signal, 'asking for offers', refreshMarket)
      } catch (error) {
        if (stopped.signal.aborted) return
        log.warn('could not ask neighbours for offers', { error: String(error) })
      }
      waitMs = Math.min(waitMs * 2, marketIntervalMs)
    }
  }
  return {
    start: (): void => {
      leave = [listenToOffers({ network, index }, regions), answerMarket({ server, index })]
      running = ask()
    },
    stop: async (): Promise<void> => {
      stopped.abort()
      for (const end of leave) end()
      await running
    },
  }
}
