import type { Action } from '#core/scheduling/action'
import type { Commitments } from '#tenant/commitments'
import type { TenantLimits, TenantParts } from '#tenant/components'
import type { Instance } from '#tenant/instance'
import type { RunOutput } from '#tenant/run-output'

/** What executing one action works with. */
export type ActContext = {
  readonly parts: TenantParts
  readonly limits: TenantLimits
  /** Money promised to opens that the chain does not show yet. */
  readonly commitments: Commitments
  readonly instance: Instance
  /** Opens the run's output on first use. */
  readonly output: () => Promise<RunOutput>
  /** A client said that it would attach at once. */
  readonly attached: boolean
}

export type ActionOf<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>
