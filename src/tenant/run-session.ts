import type { ServerControl } from '#protocol/api/stream'
import type { OutputFrame } from '#protocol/output'

/** A live terminal or pipe to a run or to a further process in it. `events` ends after `exit` or `error`. */
export type RunSession = {
  readonly events: AsyncIterable<OutputFrame | ServerControl>
  readonly write: (bytes: Uint8Array, signal: AbortSignal) => Promise<void>
  readonly endInput: () => Promise<void>
  readonly resize: (columns: number, rows: number) => Promise<void>
  readonly close: () => Promise<void>
}
