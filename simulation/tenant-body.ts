import type { RunId } from '#core/ids'
import type { Startable } from '#ports/lifecycle'
import type {
  LogsQuery,
  MapCreate,
  MapView,
  RunCreate,
  RunInspect,
  RunView,
} from '#protocol/api/runs'
import type { OutputFrame } from '#protocol/output'

/** What the workload and the checkers need of a tenant's node. */
export type TenantBody = Startable & {
  readonly runs: {
    readonly create: (request: RunCreate, signal: AbortSignal) => Promise<RunView>
    readonly list: () => readonly RunView[]
    readonly inspect: (name: string) => RunInspect
    readonly logs: (
      name: string,
      query: LogsQuery,
      signal: AbortSignal,
    ) => AsyncIterable<OutputFrame>
    readonly stop: (
      name: string,
      graceSeconds: number | undefined,
      signal: AbortSignal,
    ) => Promise<RunView>
    readonly kill: (name: string, signalName: string, signal: AbortSignal) => Promise<void>
    readonly remove: (name: string, force: boolean, signal: AbortSignal) => Promise<void>
  }
  readonly maps: {
    readonly create: (request: MapCreate, signal: AbortSignal) => Promise<MapView>
    readonly list: () => readonly MapView[]
    readonly cancel: (id: RunId, signal: AbortSignal) => Promise<MapView>
  }
  readonly blobs: {
    readonly put: (
      source: AsyncIterable<Uint8Array>,
      bytesMax: number,
      signal: AbortSignal,
    ) => Promise<{ readonly id: string }>
  }
}
