import type {
  Desired,
  LeaseDeal,
  OutputMapping,
  PlacementFailure,
  RunOutput,
  StopRequest,
} from './deployment.ts'
import type { LeaseId } from './ids.ts'
import type { TokenAmount } from './money.ts'
import type { RunExit } from './run.ts'

type OfLease = { readonly lease: LeaseId }

/**
 * What happened to one instance, in the order in which it was journalled. An effect that costs money is
 * journalled before it is attempted (`opening`, `closing`), so that after a crash it is resumed, not repeated.
 */
export type DeploymentEvent = { readonly atMs: number } & (
  | { readonly kind: 'created'; readonly desired: Desired }
  /** A bid was taken; its `open` may or may not have reached the chain. */
  | { readonly kind: 'opening'; readonly deal: LeaseDeal }
  | ({ readonly kind: 'open-failed' } & OfLease & Omit<PlacementFailure, 'atMs'>)
  | ({ readonly kind: 'opened' } & OfLease)
  /** An open lease of an earlier run serves this one. */
  | { readonly kind: 'adopted'; readonly deal: LeaseDeal; readonly fromSeconds: number }
  /** No host took the instance on. */
  | ({ readonly kind: 'place-failed' } & Omit<PlacementFailure, 'atMs'>)
  | ({ readonly kind: 'run-created' } & OfLease)
  | ({ readonly kind: 'run-started'; readonly startedAtMs: number } & OfLease)
  | ({
      readonly kind: 'run-exited'
      readonly exit: RunExit
      readonly startedAtMs?: number
    } & OfLease)
  | ({ readonly kind: 'output-mapped' } & OutputMapping)
  | { readonly kind: 'outputs-fetched'; readonly outputs: readonly RunOutput[] }
  /** Silent, quit, or unable to start the container. */
  | ({ readonly kind: 'host-lost' } & OfLease & Omit<PlacementFailure, 'atMs' | 'host'>)
  | ({ readonly kind: 'topped-up'; readonly amount: TokenAmount } & OfLease)
  | ({ readonly kind: 'stop-requested' } & Omit<StopRequest, 'atMs'>)
  /** The run's final word, its own or Artel's (`gave up`). */
  | { readonly kind: 'finished'; readonly exit: RunExit }
  | ({ readonly kind: 'kept'; readonly untilMs: number } & OfLease)
  | ({ readonly kind: 'handed-over'; readonly untilSeconds: number } & OfLease)
  | ({ readonly kind: 'closing' } & OfLease)
  | ({ readonly kind: 'closed'; readonly paid?: TokenAmount } & OfLease)
)

export type DeploymentEventKind = DeploymentEvent['kind']
