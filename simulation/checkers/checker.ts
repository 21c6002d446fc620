import type { AppliedCall } from '#adapters/memory/chain-state'
import type { Address, LeaseId } from '#core/ids'
import type { LeasesState } from '#core/leases-state'
import type { MapView, RunView } from '#protocol/api/runs'

export type ContainerSample = {
  readonly id: string
  readonly running: boolean
  /** Absent for a container that no lease explains. */
  readonly lease?: LeaseId
}

export type HostSample = {
  readonly name: string
  readonly address: Address
  /** Since when the node is up and reaches the chain, milliseconds; undefined while it does not. */
  readonly soundSinceMs: number | undefined
  readonly containers: readonly ContainerSample[]
  /** What an engine, a disk and a firewall hold for the node. */
  readonly holdings: Readonly<Record<string, number>>
}

/** What the workload knows of a run that it asked for. */
export type Expectation = {
  readonly exitCode: number
  /** When the workload stopped, killed or removed it. */
  readonly interfered: boolean
  /** Whether the run is meant to end by itself. */
  readonly ends: boolean
  /** Whether it may be lost with its host. */
  readonly restarts: boolean
  /** What it says on its way. */
  readonly output: string
}

export type RunSample = { readonly view: RunView; readonly expected: Expectation }

export type TenantSample = {
  readonly name: string
  readonly address: Address
  readonly soundSinceMs: number | undefined
  readonly runs: readonly RunSample[]
  /** True when it has forgotten some of its runs. */
  readonly forgot: boolean
  readonly maps: readonly MapView[]
}

/** A number that must stay below a bound: a queue, an outbox, the timers of a node. */
export type Gauge = { readonly name: string; readonly value: number; readonly max: number }

/** The world at one moment. */
export type Sample = {
  readonly atMs: number
  readonly nowSeconds: number
  readonly leases: LeasesState
  readonly hosts: readonly HostSample[]
  readonly tenants: readonly TenantSample[]
  readonly gauges: readonly Gauge[]
  /** Whether faults are injected in this world at all. */
  readonly faulty: boolean
}

/** The world when the workload has ended and all leases had their time; nodes still run. */
export type Rest = Sample & {
  /** What runs that are still known have said, by tenant and run: `tenant-0/job-1`. */
  readonly outputs: ReadonlyMap<string, string>
  /** What hosts say that they have earned. */
  readonly earnings: ReadonlyMap<Address, bigint>
}

/** The world after all nodes were stopped. */
export type End = Sample & {
  /** Waits of the clock that nobody ended. */
  readonly waits: number
}

/** Watches a world for one property. Each function returns what is wrong, or undefined. */
export type Checker = {
  readonly name: string
  readonly onCall?: (applied: AppliedCall) => string | undefined
  readonly onSample?: (sample: Sample) => string | undefined
  readonly onRest?: (rest: Rest) => string | undefined
  readonly onEnd?: (end: End) => string | undefined
}
