import type { Address, RunId } from '#core/ids'
import type { TokenAmount } from '#core/money'
import type { ContainerStats } from '#ports/engine'
import type {
  Earning,
  HostJoin,
  HostView,
  LeaseView,
  OfferView,
  StatusView,
  WalletEntry,
  WalletView,
} from '#protocol/api/node'
import type {
  ExecCreate,
  LogsQuery,
  MapCreate,
  MapEvent,
  MapView,
  Plan,
  RunCreate,
  RunInspect,
  RunView,
  TaskView,
} from '#protocol/api/runs'
import type { ServerControl } from '#protocol/api/stream'
import type { OutputFrame } from '#protocol/output'

/**
 * What the API needs of a node. A run is named by its id, a unique beginning of it (4 digits or more), or its
 * name; an unknown one throws 'not-found', an ambiguous one 'conflict'.
 */

/** A live terminal or pipe to a run. `events` ends after `exit` or `error`. */
export type RunSession = {
  readonly events: AsyncIterable<OutputFrame | ServerControl>
  readonly write: (bytes: Uint8Array, signal: AbortSignal) => Promise<void>
  readonly endInput: () => Promise<void>
  readonly resize: (columns: number, rows: number) => Promise<void>
  readonly close: () => Promise<void>
}

export type RunService = {
  readonly create: (request: RunCreate, signal: AbortSignal) => Promise<RunView>
  readonly plan: (request: RunCreate, signal: AbortSignal) => Promise<Plan>
  readonly list: () => readonly RunView[]
  readonly get: (name: string) => RunView
  readonly inspect: (name: string) => RunInspect
  /** Output from the beginning, notices, exit. A second client may attach too; both see everything. */
  readonly attach: (name: string, signal: AbortSignal) => Promise<RunSession>
  readonly exec: (name: string, request: ExecCreate, signal: AbortSignal) => Promise<RunSession>
  readonly logs: (name: string, query: LogsQuery, signal: AbortSignal) => AsyncIterable<OutputFrame>
  readonly wait: (name: string, signal: AbortSignal) => Promise<RunView>
  readonly kill: (name: string, signalName: string, signal: AbortSignal) => Promise<void>
  readonly stop: (
    name: string,
    graceSeconds: number | undefined,
    signal: AbortSignal,
  ) => Promise<RunView>
  /** Refuses a running one ('conflict') unless `force`, which kills it. */
  readonly remove: (name: string, force: boolean, signal: AbortSignal) => Promise<void>
  readonly resize: (name: string, columns: number, rows: number) => Promise<void>
  readonly stats: (name: string, signal: AbortSignal) => Promise<ContainerStats>
  readonly getArchive: (
    name: string,
    path: string,
    signal: AbortSignal,
  ) => AsyncIterable<Uint8Array>
  readonly putArchive: (
    name: string,
    path: string,
    tar: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ) => Promise<void>
  /** The tar of an output path of an ended run, named by its index in `RunView.outputs`. */
  readonly output: (name: string, index: number, signal: AbortSignal) => AsyncIterable<Uint8Array>
}

export type MapService = {
  readonly create: (request: MapCreate, signal: AbortSignal) => Promise<MapView>
  readonly get: (id: RunId) => MapView
  readonly list: () => readonly MapView[]
  readonly tasks: (id: RunId) => readonly TaskView[]
  /** Everything so far in short, then as it happens, until the map has ended. */
  readonly events: (id: RunId, signal: AbortSignal) => AsyncIterable<MapEvent>
  readonly output: (id: RunId, index: number, signal: AbortSignal) => AsyncIterable<Uint8Array>
  readonly cancel: (id: RunId, signal: AbortSignal) => Promise<MapView>
  /** Forgets an ended map and its outputs. */
  readonly remove: (id: RunId) => Promise<void>
}

export type BlobService = {
  readonly put: (
    source: AsyncIterable<Uint8Array>,
    bytesMax: number,
    signal: AbortSignal,
  ) => Promise<{ readonly id: string; readonly sizeBytes: number }>
}

export type MarketService = {
  readonly offers: (signal: AbortSignal) => Promise<readonly OfferView[]>
}

export type LeaseService = {
  readonly list: (all: boolean) => readonly LeaseView[]
}

export type WalletService = {
  readonly view: (signal: AbortSignal) => Promise<WalletView>
  readonly deposit: (amount: TokenAmount, signal: AbortSignal) => Promise<TransactionDone>
  readonly withdraw: (
    amount: TokenAmount,
    to: Address | undefined,
    signal: AbortSignal,
  ) => Promise<TransactionDone>
  readonly history: () => readonly WalletEntry[]
}

export type TransactionDone = { readonly transaction: string; readonly feeWei: bigint }

export type HostService = {
  readonly view: () => HostView
  readonly earnings: () => readonly Earning[]
  readonly join: (request: HostJoin, signal: AbortSignal) => Promise<HostView>
  readonly pause: () => Promise<HostView>
  readonly resume: () => Promise<HostView>
  /** Ends selling: no new bids, waits up to `drainSeconds` for leases to end, quits the rest, removes all. */
  readonly leave: (drainSeconds: number, signal: AbortSignal) => Promise<HostView>
}

export type NodeService = {
  readonly status: (signal: AbortSignal) => Promise<StatusView>
}

export type Services = {
  readonly runs: RunService
  readonly maps: MapService
  readonly blobs: BlobService
  readonly market: MarketService
  readonly leases: LeaseService
  readonly wallet: WalletService
  readonly host: HostService
  readonly node: NodeService
}
