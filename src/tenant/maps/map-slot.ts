import { currentLease, type LeaseDeal } from '#core/deployment'
import { toArtelError } from '#core/errors'
import type { LeaseId } from '#core/ids'
import type { MarketSnapshot } from '#core/scheduling/situation'
import type { Records } from '#ports/records'
import type { ActContext } from '#tenant/acts/context'
import { deliverImage } from '#tenant/acts/deliver-image'
import { onceKnown } from '#tenant/acts/start'
import { dropJournal, hasJournal, type Instance } from '#tenant/instance'
import { randomRunId } from '#tenant/random-ids'
import type { Supervision } from '#tenant/supervision'
import type { MapProgress } from './map-progress.ts'
import { mapStore } from './map-store.ts'
import { type MapJob, serveMap } from './map-worker.ts'

/** The lease that a slot holds open on chain now. */
export const openDeal = (instance: Instance): LeaseDeal | undefined => {
  const use = currentLease(instance.state())
  return use?.status === 'open' && instance.state().exit === undefined ? use.deal : undefined
}

/** Prepares the host and keeps its worker busy; the lease is given up when the host cannot do that. */
const serveLease = async (
  job: MapJob,
  context: ActContext,
  deal: LeaseDeal,
  signal: AbortSignal,
): Promise<void> => {
  const { instance, parts } = context
  try {
    await onceKnown(context, signal, () => deliverImage(context, deal, job.spec.image, signal))
    instance.waitingFor = undefined
    await serveMap(job, deal, randomRunId(parts.random), signal)
  } catch (caught) {
    if (signal.aborted) return
    const { code, message } = toArtelError(caught)
    const words = `host ${deal.host.address} failed: ${message}`
    instance.record({ kind: 'host-lost', lease: deal.id, code, message: words })
    instance.hub.tell({ type: 'notice', message: words })
  }
}

/** Serves whatever lease the slot holds, one after the other, until the map is over. */
const followLeases = (job: MapJob, context: ActContext, tasks: Supervision['tasks']): void => {
  const { instance } = context
  let serving: { readonly lease: LeaseId; readonly stop: AbortController } | undefined
  const look = (): void => {
    const deal = openDeal(instance)
    if (serving !== undefined && serving.lease !== deal?.id) {
      serving.stop.abort()
      serving = undefined
    }
    if (deal === undefined || serving !== undefined || tasks.signal.aborted) return
    const stop = new AbortController()
    serving = { lease: deal.id, stop }
    // Whatever becomes of it, the lease is on the map's bill.
    job.progress.share(deal.id, deal.host, deal.terms.rate)
    job.progress.flush()
    tasks.spawn((signal) => serveLease(job, context, deal, AbortSignal.any([signal, stop.signal])))
  }
  instance.hub.onChange(look)
  look()
}

/** Forgets a map that was removed, once the leases of all its slots are closed. */
export const dropRemoved = (records: Records, { id, entry }: MapProgress): void => {
  const { removed, slots } = entry()
  if (removed && !slots.some((slot) => hasJournal(records, slot))) mapStore(records).remove(id)
}

/** Writes down what a slot cost whose leases are closed, and forgets the slot. */
export const endSlot = (records: Records, progress: MapProgress, instance: Instance): void => {
  progress.bill(instance.state())
  dropJournal(records, instance.id)
  dropRemoved(records, progress)
}

/** Begins one slot of a map's pool: a lease that is replaced when its host is lost. */
export const beginSlot = (
  job: MapJob,
  context: ActContext,
  market: MarketSnapshot,
  supervision: Supervision,
  onOver: () => void,
): void => {
  const { instance } = context
  instance.hub.onControl((control) => {
    if (control.type === 'notice') job.progress.notice(control.message)
  })
  followLeases(job, context, supervision.tasks)
  supervision.begin(context, market, async () => {
    endSlot(context.parts.records, job.progress, instance)
    onOver()
  })
}
