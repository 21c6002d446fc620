import type { SeededRandom } from '#adapters/memory/random'

/** Which node: hosts and tenants are numbered on their own. */
export type NodeRef = { readonly role: 'host' | 'tenant'; readonly index: number }

/** Something that goes wrong at `atMs` after the start and, where it lasts, for `forMs`. */
export type Fault = { readonly atMs: number; readonly forMs: number } & (
  | { readonly kind: 'crash'; readonly node: NodeRef }
  /** The machine goes dark: its containers die with it. */
  | { readonly kind: 'power-cut'; readonly host: number }
  /** Nothing passes between these nodes and all others. */
  | { readonly kind: 'partition'; readonly nodes: readonly NodeRef[] }
  | {
      readonly kind: 'slow-link'
      readonly a: NodeRef
      readonly b: NodeRef
      readonly latencyMs: number
    }
  /** The newest `depth` blocks are undone; their transactions wait again, or with `drop` are forgotten. */
  | { readonly kind: 'reorg'; readonly depth: number; readonly drop: boolean }
  | { readonly kind: 'rpc-outage'; readonly node: NodeRef }
  | { readonly kind: 'engine-failure'; readonly host: number }
  /** The owner has enough and leaves the network for good. */
  | { readonly kind: 'leave'; readonly host: number; readonly drainSeconds: number }
)

export type FaultKind = Fault['kind']
export type FaultLevel = 'none' | 'some' | 'many'

export type FaultScale = {
  readonly level: FaultLevel
  readonly hosts: number
  readonly tenants: number
  /** Faults begin and end within this time. */
  readonly lastsMs: number
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** Faults of each kind per host and hour at level `some`; reorganisations per hour. */
const ratesPerHour: Readonly<Record<FaultKind, number>> = {
  crash: 0.15,
  'power-cut': 0.05,
  partition: 0.1,
  'slow-link': 0.3,
  reorg: 0.5,
  'rpc-outage': 0.1,
  'engine-failure': 0.05,
  leave: 0.01,
}
const manyFactor = 6
const longShare = 0.05
const longMs = 4 * hour
/** At most this share of hosts ever leaves: somebody must be left to run things. */
const leaversMax = 1 / 3

const between = (random: SeededRandom, low: number, high: number): number =>
  low + random.integer(Math.max(1, high - low))

const drawNode = (random: SeededRandom, { hosts, tenants }: FaultScale): NodeRef => {
  const drawn = random.integer(hosts + tenants)
  return drawn < hosts ? { role: 'host', index: drawn } : { role: 'tenant', index: drawn - hosts }
}

const drawFault = (random: SeededRandom, kind: FaultKind, scale: FaultScale): Fault => {
  const node = drawNode(random, scale)
  const host = random.integer(scale.hosts)
  const lasting = (low: number, usual: number) => {
    // Now and then something is down for as long as it takes leases to run out.
    const high = random.fraction() < longShare ? longMs : usual
    const forMs = Math.min(between(random, low, high), Math.floor(scale.lastsMs / 4))
    return { atMs: between(random, 0, scale.lastsMs - forMs), forMs }
  }
  switch (kind) {
    case 'crash':
      return { kind, node, ...lasting(second, 5 * minute) }
    case 'power-cut':
      return { kind, host, ...lasting(10 * second, 30 * minute) }
    case 'partition': {
      const size = 1 + random.integer(Math.max(1, Math.floor((scale.hosts + scale.tenants) / 3)))
      const drawn = Array.from({ length: size }, () => drawNode(random, scale))
      const unique = new Map(drawn.map((one) => [`${one.role} ${one.index}`, one]))
      return { kind, nodes: [...unique.values()], ...lasting(5 * second, 10 * minute) }
    }
    case 'slow-link':
      return {
        kind,
        a: node,
        b: drawNode(random, scale),
        latencyMs: between(random, 50, 3000),
        ...lasting(minute, 20 * minute),
      }
    case 'reorg':
      return {
        kind,
        depth: 1 + random.integer(4),
        drop: random.fraction() < 0.3,
        ...lasting(0, 1),
      }
    case 'rpc-outage':
      return { kind, node, ...lasting(5 * second, 15 * minute) }
    case 'engine-failure':
      return { kind, host, ...lasting(second, 3 * minute) }
    case 'leave':
      return { kind, host, drainSeconds: random.integer(600), ...lasting(0, 1) }
  }
}

const countOf = (random: SeededRandom, expected: number): number =>
  Math.floor(expected) + (random.fraction() < expected % 1 ? 1 : 0)

/** Leaves out those that leave a second time, and the last hosts that would. */
const withoutExodus = (faults: readonly Fault[], hosts: number): readonly Fault[] => {
  const gone = new Set<number>()
  return faults.filter((fault) => {
    if (fault.kind !== 'leave') return true
    const stays = gone.has(fault.host) || gone.size + 1 > hosts * leaversMax
    if (!stays) gone.add(fault.host)
    return !stays
  })
}

/** What goes wrong in a world, drawn from its seed, in order of time. */
export const planFaults = (random: SeededRandom, scale: FaultScale): readonly Fault[] => {
  if (scale.level === 'none') return []
  const factor = (scale.level === 'many' ? manyFactor : 1) * (scale.lastsMs / hour)
  const kinds: readonly FaultKind[] = [
    'crash',
    'power-cut',
    'partition',
    'slow-link',
    'reorg',
    'rpc-outage',
    'engine-failure',
    'leave',
  ]
  const faults = kinds.flatMap((kind) => {
    const draws = random.fork(kind)
    const nodes = kind === 'reorg' ? 1 : scale.hosts
    const count = countOf(draws, ratesPerHour[kind] * factor * nodes)
    return Array.from({ length: count }, () => drawFault(draws, kind, scale))
  })
  return withoutExodus(
    faults.toSorted((a, b) => a.atMs - b.atMs),
    scale.hosts,
  )
}
