import type { Address, DeploymentId, InstanceId, LeaseId, PeerId, Signature } from './ids.ts'
import type { Service } from './manifest.ts'
import type { TokenAmount } from './money.ts'
import type { RunExit } from './run.ts'
import type { Terms } from './terms.ts'

/** What the tenant wants of one instance, from its beginning to its end. */
export type Desired = {
  readonly deployment: DeploymentId
  readonly instance: InstanceId
  readonly service: Service
  /** Architecture of the image, such as `amd64`. */
  readonly arch: string
  /** How long the lease stays open after the run has ended, for the next run that fits it. */
  readonly keepSeconds: number
  /** Nothing of the output may be lost before somebody has read it. */
  readonly holdOutput: boolean
}

export type HostIdentity = {
  readonly address: Address
  readonly peer: PeerId
  readonly region: string
}

/** A bid that the tenant took: everything that `open` and later calls need. */
export type LeaseDeal = {
  readonly id: LeaseId
  readonly terms: Terms
  /** The host's, over the terms. */
  readonly signature: Signature
  readonly deposit: TokenAmount
  readonly host: HostIdentity
}

/** One lease in the life of an instance. */
export type LeaseUse = {
  readonly deal: LeaseDeal
  readonly status: 'opening' | 'open' | 'failed' | 'closing' | 'closed' | 'handed-over'
  /** The host went silent, quit or never started the container; no more is expected of it. */
  readonly lost: boolean
  /** A lease taken over from an earlier run costs this one only from here on, Unix seconds. */
  readonly fromSeconds?: number
  /** A lease handed on to a later run costs this one only until here, Unix seconds. */
  readonly untilSeconds?: number
  /** What the chain says this deployment paid for it, once closed. */
  readonly paid?: TokenAmount
}

/** The container as last heard of, and under which lease. */
export type RunProgress =
  | { readonly status: 'absent' }
  | { readonly status: 'created'; readonly lease: LeaseId }
  | { readonly status: 'running'; readonly lease: LeaseId; readonly startedAtMs: number }
  | {
      readonly status: 'exited'
      readonly lease: LeaseId
      readonly startedAtMs?: number
      readonly exit: RunExit
    }

export type RunOutput = {
  readonly path: string
  readonly blob?: string
  readonly bytes: number
  /** Why it could not be brought home. */
  readonly problem?: string
}

/** From here on the spool holds, at `spoolOffset`, what the host numbers `hostOffset`. */
export type OutputMapping = {
  readonly lease: LeaseId
  readonly hostOffset: number
  readonly spoolOffset: number
}

export type PlacementFailure = {
  /** Absent when no host could be blamed. */
  readonly host?: Address
  readonly atMs: number
  readonly code: NonNullable<RunExit['reason']>
  readonly message: string
  readonly hint?: string
}

export type StopRequest = {
  readonly atMs: number
  readonly graceSeconds: number
  readonly reason: 'user' | 'timeout'
}

/** Everything that the journal of one instance says, folded. */
export type DeploymentState = {
  readonly desired: Desired
  readonly createdAtMs: number
  /** Oldest first; the last one that is neither lost nor over is the current one. */
  readonly leases: readonly LeaseUse[]
  readonly run: RunProgress
  /** When the first container of this run started, on whichever host. */
  readonly startedAtMs?: number
  readonly output?: OutputMapping
  readonly outputs?: readonly RunOutput[]
  /** Newest last, at most `failuresMax`. */
  readonly failures: readonly PlacementFailure[]
  readonly stop?: StopRequest
  /** The final word: nothing is placed any more, leases are only closed. */
  readonly exit?: RunExit
  /** Until when the open lease waits for the next run. */
  readonly keptUntilMs?: number
}

export const failuresMax = 64

/** The lease that the instance runs under or is about to. */
export const currentLease = (state: DeploymentState): LeaseUse | undefined =>
  state.leases.findLast((use) => !use.lost && (use.status === 'opening' || use.status === 'open'))

/** The lease under which the run was last served, whatever became of it. */
export const lastLease = (state: DeploymentState): LeaseUse | undefined =>
  state.leases.findLast((use) => use.status !== 'failed')

/** On how many hosts the instance has been placed. */
export const placements = (state: DeploymentState): number =>
  state.leases.filter((use) => use.status !== 'failed' && use.status !== 'opening').length

/** True when nothing is left to do for the instance, ever. */
export const isOver = (state: DeploymentState): boolean =>
  state.exit !== undefined &&
  state.leases.every((use) => ['failed', 'closed', 'handed-over'].includes(use.status))
