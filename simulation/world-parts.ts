import { connectMemoryChain, type MemoryChain } from '#adapters/memory/chain'
import type { MemoryLedgerWorld } from '#adapters/memory/chain-world'
import type { VirtualClock } from '#adapters/memory/clock'
import { memoryImage } from '#adapters/memory/engine-images'
import type { MemoryInternet } from '#adapters/memory/network'
import type { SeededRandom } from '#adapters/memory/random'
import type { Clock } from '#ports/clock'
import type { EngineImage } from '#ports/engine'
import type { Log } from '#ports/log'
import type { PeerAddress } from '#ports/network'
import type { Signer } from '#ports/signer'
import type { Plant } from './plants/plants.ts'

/** What all places of a world share. */
export type WorldParts = {
  readonly clock: VirtualClock
  readonly random: SeededRandom
  readonly log: Log
  readonly internet: MemoryInternet
  readonly ledger: MemoryLedgerWorld
  /** Where everybody joins. */
  readonly bootstrap: readonly PeerAddress[]
  readonly region: string
  readonly plant?: Plant
}

const digest = `sha256:${'5'.repeat(64)}`

/** What a registry serves to everybody. */
export const publicImage: EngineImage = memoryImage('docker.io/library/busybox:latest', {
  tags: ['docker.io/library/busybox:latest', 'busybox:latest', 'busybox'],
  repoDigests: [`docker.io/library/busybox@${digest}`, `busybox@${digest}`],
})
/** What exists in tenants' engines only, so that they must bring it. */
export const privateImage: EngineImage = memoryImage('docker.io/workshop/tool:1', {
  tags: ['docker.io/workshop/tool:1', 'workshop/tool:1'],
})

const skewMaxMs = 3000

/** How far a machine's clock is off: most are right, some a few seconds early or late. */
export const drawSkewMs = (random: SeededRandom): number => {
  const draws = random.fork('clock')
  return draws.fraction() < 0.6 ? 0 : draws.integer(2 * skewMaxMs) - skewMaxMs
}

/** One node's way to the chain: an outage outlasts the node's lives. */
export type ChainLink = {
  readonly connect: (clock: Clock) => MemoryChain
  readonly setOutage: (out: boolean) => void
}

export const createChainLink = (ledger: MemoryLedgerWorld, signer: Signer): ChainLink => {
  let out = false
  let newest: MemoryChain | undefined
  return {
    connect: (clock) => {
      newest = connectMemoryChain(ledger, signer, { clock })
      newest.setReachable(!out)
      return newest
    },
    setOutage: (now) => {
      out = now
      newest?.setReachable(!now)
    },
  }
}
