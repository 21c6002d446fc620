import { toArtelError } from '#core/errors'
import type { RunId } from '#core/ids'
import type { MarketSnapshot } from '#core/scheduling/situation'
import type { LoggedEvent } from '#ports/chain'
import type { ActContext } from './acts/context.ts'
import type { Commitments } from './commitments.ts'
import type { TenantLimits, TenantParts } from './components.ts'
import type { Instance } from './instance.ts'
import { openRunOutput, type RunOutput } from './run-output.ts'
import { supervise } from './supervisor.ts'
import { createTaskGroup, type TaskGroup } from './task-group.ts'

/** Supervises all instances of this node and wakes them when the chain or the market moved. */
export type Supervision = {
  readonly tasks: TaskGroup
  readonly contextOf: (instance: Instance, options: { readonly attached: boolean }) => ActContext
  /** Supervises until the instance is over, then calls `onOver`. */
  readonly begin: (context: ActContext, market: MarketSnapshot, onOver: () => Promise<void>) => void
  readonly stop: () => Promise<void>
}

/** The market may move many times a second; whoever waits for it looks again this often. */
const marketRestMs = 500

/** Waits before a supervisor that failed begins anew. */
const restartFirstMs = 1_000
const restartMsMax = 60_000

/** Supervises to the end: one that fails, such as on a full disk, begins anew, or its leases would stay open. */
const superviseOn = async (
  context: ActContext,
  market: MarketSnapshot,
  tasks: TaskGroup,
): Promise<void> => {
  const { log, clock } = context.parts
  for (let waitMs = restartFirstMs; ; waitMs = Math.min(2 * waitMs, restartMsMax)) {
    try {
      return await supervise(context, market, tasks)
    } catch (caught) {
      tasks.signal.throwIfAborted()
      const reason = toArtelError(caught).message
      log.error('a supervisor failed and begins anew', { run: context.instance.id, reason })
    }
    await clock.sleep(waitMs, tasks.signal)
  }
}

const outputOf = (parts: TenantParts, id: RunId, bytesMax: number): (() => Promise<RunOutput>) => {
  let opened: Promise<RunOutput> | undefined
  return () => {
    opened ??= openRunOutput(parts, id, bytesMax)
    return opened
  }
}

export const createSupervision = (
  parts: TenantParts,
  limits: TenantLimits,
  commitments: Commitments,
): Supervision => {
  const { log, clock, follower, listings } = parts
  const tasks = createTaskGroup((error) =>
    log.error('a supervisor failed', { reason: toArtelError(error).message }),
  )
  const active = new Set<Instance>()
  let marketRungAtMs = Number.NEGATIVE_INFINITY
  const onChain = ({ event }: LoggedEvent): void => {
    if (!('id' in event)) return
    for (const instance of active) {
      if (instance.state().leases.some(({ deal }) => deal.id === event.id)) instance.bell.ring()
    }
  }
  const onMarket = (): void => {
    if (clock.monotonicMs() - marketRungAtMs < marketRestMs) return
    marketRungAtMs = clock.monotonicMs()
    for (const instance of active) if (instance.waitingFor !== undefined) instance.bell.ring()
  }
  const leave = [follower.onEvent(onChain), listings.onChange(onMarket)]
  return {
    tasks,
    contextOf: (instance, { attached }) => ({
      parts,
      limits,
      commitments,
      instance,
      attached,
      output: outputOf(parts, instance.id, limits.spoolBytesMax),
    }),
    begin: (context, market, onOver) => {
      active.add(context.instance)
      tasks.spawn(async () => {
        try {
          await superviseOn(context, market, tasks)
        } finally {
          active.delete(context.instance)
        }
        await onOver()
      })
    },
    stop: async () => {
      for (const off of leave) off()
      await tasks.stop()
    },
  }
}
