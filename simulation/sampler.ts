import { type Address, parseHash32 } from '#core/ids'
import type { LeasesState } from '#core/leases-state'
import type { Engine, EngineContainer } from '#ports/engine'
import type { Firewall } from '#ports/firewall'
import type { Startable } from '#ports/lifecycle'
import type { Spools } from '#ports/spools'
import type { Volumes } from '#ports/volumes'
import type { MapView, RunView } from '#protocol/api/runs'
import type {
  ContainerSample,
  Expectation,
  Gauge,
  HostSample,
  Rest,
  Sample,
  TenantSample,
} from './checkers/checker.ts'
import type { Site } from './site.ts'
import type { TenantBody } from './tenant-body.ts'

/** A host with the machine under it, seen from outside. */
export type HostPlace = {
  readonly site: Site<Startable & { readonly earned: () => bigint }>
  readonly engine: Engine
  readonly volumes: Volumes
  readonly spools: Spools
  readonly firewall: Firewall
}

export type TenantPlace = {
  readonly site: Site<TenantBody>
  readonly expectationOf: (runName: string) => Expectation | undefined
  /** Whether it was told to remove runs. */
  readonly forgot: () => boolean
}

export type Sampled = {
  readonly atMs: number
  readonly nowSeconds: number
  readonly leases: LeasesState
  readonly hosts: readonly HostPlace[]
  readonly tenants: readonly TenantPlace[]
  readonly faulty: boolean
}

/** Labels of a host's things in its engine (`host/labels.ts`): what the outside sees of a lease. */
const nodeLabel = 'com.artel.node'
const leaseLabel = 'com.artel.lease'

const open = new AbortController().signal

const sampleContainer = ({ id, labels, state }: EngineContainer): ContainerSample => {
  const lease = parseHash32(labels[leaseLabel] ?? '')
  const running = state.status === 'running' || state.status === 'paused'
  return { id, running, ...(lease === undefined ? {} : { lease }) }
}

const sampleHost = async (place: HostPlace): Promise<HostSample> => {
  const { site, engine, volumes, spools, firewall } = place
  const containers = await engine.list(nodeLabel, open)
  return {
    name: site.name,
    address: site.address,
    soundSinceMs: site.soundSinceMs(),
    containers: containers.map(sampleContainer),
    holdings: {
      containers: containers.length,
      networks: (await engine.networks(nodeLabel, open)).length,
      volumes: (await volumes.ids()).length,
      spools: (await spools.names()).length,
      'firewall rules': (await firewall.bridges(open)).length,
    },
  }
}

const unexpected: Expectation = {
  exitCode: 0,
  interfered: true,
  ends: true,
  restarts: false,
  output: '',
}

/** What a node that is down told last: its runs go on meanwhile, unseen. */
export type Memory = Map<
  string,
  { readonly runs: readonly RunView[]; readonly maps: readonly MapView[] }
>

const sampleTenant = (
  { site, expectationOf, forgot }: TenantPlace,
  memory: Memory,
): TenantSample => {
  const body = site.body()
  const told =
    body === undefined
      ? (memory.get(site.name) ?? { runs: [], maps: [] })
      : { runs: body.runs.list(), maps: body.maps.list() }
  memory.set(site.name, told)
  return {
    name: site.name,
    address: site.address,
    soundSinceMs: site.soundSinceMs(),
    runs: told.runs.map((view) => ({ view, expected: expectationOf(view.name) ?? unexpected })),
    maps: told.maps,
    forgot: forgot(),
  }
}

/** More waits than a node of this size ever needs at once; a leak gets here within minutes. */
const waitsMax = { idle: 200, perContainer: 50, perRun: 50 } as const

const gaugesOf = (
  places: Sampled,
  hosts: readonly HostSample[],
  tenants: readonly TenantSample[],
): readonly Gauge[] => [
  ...places.hosts.map(({ site }, index) => ({
    name: `waits of ${site.name}`,
    value: site.waits(),
    max: waitsMax.idle + waitsMax.perContainer * (hosts[index]?.containers.length ?? 0),
  })),
  ...places.tenants.map(({ site }, index) => ({
    name: `waits of ${site.name}`,
    value: site.waits(),
    max:
      waitsMax.idle +
      waitsMax.perRun *
        ((tenants[index]?.runs.filter(({ view }) => view.status !== 'exited').length ?? 0) +
          10 * (tenants[index]?.maps.length ?? 0)),
  })),
]

/** Looks at everything at once. */
export const takeSample = async (places: Sampled, memory: Memory): Promise<Sample> => {
  const hosts: HostSample[] = []
  for (const place of places.hosts) hosts.push(await sampleHost(place))
  const tenants = places.tenants.map((place) => sampleTenant(place, memory))
  const { atMs, nowSeconds, leases, faulty } = places
  return {
    atMs,
    nowSeconds,
    leases,
    hosts,
    tenants,
    gauges: gaugesOf(places, hosts, tenants),
    faulty,
  }
}

const textOf = async (runs: TenantBody['runs'], name: string): Promise<string> => {
  const decoder = new TextDecoder()
  let text = ''
  for await (const { bytes } of runs.logs(name, { follow: false }, open)) {
    text += decoder.decode(bytes, { stream: true })
  }
  return text
}

/** Looks closer than a sample does: at outputs and books as well. */
export const takeRest = async (places: Sampled, memory: Memory): Promise<Rest> => {
  const sample = await takeSample(places, memory)
  const outputs = new Map<string, string>()
  for (const { site } of places.tenants) {
    const runs = site.body()?.runs
    for (const { name } of runs?.list() ?? []) {
      if (runs !== undefined) outputs.set(`${site.name}/${name}`, await textOf(runs, name))
    }
  }
  const earnings = new Map<Address, bigint>()
  for (const { site } of places.hosts) {
    const body = site.body()
    if (body !== undefined) earnings.set(site.address, body.earned())
  }
  return { ...sample, outputs, earnings }
}
