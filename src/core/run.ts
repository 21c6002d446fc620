import type { ErrorCode } from './errors.ts'

/**
 * How a run ended. `exitCode` follows docker: 125 Artel's failure, 126 not executable, 127 not found,
 * 128 + n killed by signal n.
 */
export type RunExit = {
  readonly exitCode: number
  readonly finishedAtMs: number
  /** Why, when it was not the program's own doing. */
  readonly reason?:
    | 'out-of-memory'
    | 'out-of-disk'
    | 'timeout'
    | 'lease-ended'
    | 'killed'
    | ErrorCode
  readonly message?: string
  /** What to do about it. */
  readonly hint?: string
}

/** A run as its host sees it. */
export type HostRunState =
  | { readonly status: 'preparing' }
  | { readonly status: 'created' }
  | { readonly status: 'running'; readonly startedAtMs: number }
  | ({ readonly status: 'exited'; readonly startedAtMs?: number } & RunExit)
