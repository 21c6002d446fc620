import type { FaultKind } from './faults.ts'
import type { Violation } from './monitor.ts'
import type { WorldOptions } from './options.ts'
import type { Trace } from './trace.ts'

/** What happened in a world, in numbers. */
export type WorldStats = {
  readonly virtualHours: number
  readonly blocks: number
  readonly leasesOpened: number
  readonly leasesSettled: number
  readonly runs: number
  /** Runs that a host's loss placed again. */
  readonly runsMoved: number
  /** By the reason of their exit; `ok` for those that their program ended. */
  readonly exits: Readonly<Record<string, number>>
  readonly maps: number
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  /** Timers fired. */
  readonly wakeUps: number
}

export type WorldResult = {
  readonly options: WorldOptions
  readonly violation?: Violation
  readonly trace: Trace
  readonly stats: WorldStats
  /** The newest lines of the nodes' logs, ready to print. */
  readonly log: readonly string[]
}
