import type { AppliedCall } from '#adapters/memory/chain-state'
import { createMemoryLedgerWorld } from '#adapters/memory/chain-world'
import { createVirtualClock, type VirtualClock } from '#adapters/memory/clock'
import { createMemoryInternet } from '#adapters/memory/network'
import { createSeededRandom } from '#adapters/memory/random'
import type { Log } from '#ports/log'
import { createHostPlace } from './host-place.ts'
import { createMarketPlace, marketSigner } from './market-place.ts'
import type { WorldOptions } from './options.ts'
import { plantedApply, plantedSeed } from './plants/plants.ts'
import { createTenantPlace } from './tenant-place.ts'
import type { WorldParts } from './world-parts.ts'

export type World = ReturnType<typeof buildWorld>

/** An arbitrary Monday, so that logs look like logs. */
export const startMs = 1_893_974_400_000
export const usualLatencyMs = 25
const blockMs = 5000
const region = 'sim'
const marketCount = 2
const gasWei = 10n ** 21n
const tokens = 10n ** 12n

const names = (role: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${role}-${index}`)

/** The clock of a world comes first: checkers and logs read it. */
export const createWorldClock = (): VirtualClock => createVirtualClock({ startMs })

/** Hosts, tenants, market nodes, a chain and an internet, all from one seed; nothing runs yet. */
export const buildWorld = (
  components: { readonly clock: VirtualClock; readonly log: Log },
  options: WorldOptions,
  hooks: {
    readonly onApplied: (applied: AppliedCall) => void
    readonly onBadRefusal: (what: string) => void
  },
) => {
  const { clock, log } = components
  const { plant } = options
  const random = createSeededRandom(`${options.seed}${plantedSeed(plant)}`)
  const internet = createMemoryInternet(
    { clock, random: random.fork('internet') },
    { link: { latencyMs: usualLatencyMs, jitterMs: 20, lossRatio: 0.001 } },
  )
  const ledger = createMemoryLedgerWorld({
    clock,
    blockMs,
    apply: plantedApply(plant),
    onApplied: hooks.onApplied,
  })
  const marketNames = names('market', marketCount)
  const bootstrap = marketNames.map((name) => {
    const { peerId } = marketSigner({ random }, name)
    return { peer: peerId, addresses: [`/memory/${peerId}`] }
  })
  const parts: WorldParts = {
    ...{ clock, random, log, internet, ledger, bootstrap, region },
    ...(plant === undefined ? {} : { plant }),
  }
  const markets = marketNames.map((name) => createMarketPlace(parts, name))
  const hosts = names('host', options.hosts).map((name) => createHostPlace(parts, name))
  const tenants = names('tenant', options.tenants).map((name) =>
    createTenantPlace(parts, name, hooks.onBadRefusal),
  )
  for (const { site } of [...hosts, ...tenants]) ledger.fund(site.address, { gasWei, tokens })
  return { clock, random, internet, ledger, markets, hosts, tenants }
}
