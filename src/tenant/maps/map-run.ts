import { currentLease, isOver } from '#core/deployment'
import { toArtelError } from '#core/errors'
import { createMapSchedule } from '#core/map-schedule'
import type { Ranked } from '#core/scheduling/rank'
import type { MarketSnapshot } from '#core/scheduling/situation'
import type { MapCreate } from '#protocol/api/runs'
import { type Instance, openInstance } from '#tenant/instance'
import { search } from '#tenant/search'
import type { NewMap } from './map-create.ts'
import { createMapProgress, type MapProgress } from './map-progress.ts'
import { beginSlot } from './map-slot.ts'
import { mapStore } from './map-store.ts'
import type { MapJob } from './map-worker.ts'
import type { MapsComponents } from './maps-components.ts'

export type RunningMap = {
  readonly progress: MapProgress
  /** Blobs of the tasks' inputs, as far as this life knows them. */
  readonly inputs: readonly string[]
  /** Ends the pool's leases. */
  readonly stop: () => void
}

const tellMs = 500
const flushMs = 5_000

const hostOf = (instance: Instance): string | undefined =>
  currentLease(instance.state())?.deal.host.address

/**
 * The market for one slot of a pool of `perHost` slots a host: those of one host follow the first of them
 * that found one, each host's slots begin with another host, and hosts of other slots come last.
 */
const marketOf = (
  components: MapsComponents,
  map: NewMap,
  slots: readonly Instance[],
  own: number,
  perHost: number,
): MarketSnapshot => {
  const groupOf = (index: number): number => Math.floor(index / perHost)
  const hostsWhere = (holds: (index: number) => boolean): ReadonlySet<string> =>
    new Set(
      slots.flatMap((slot, index) => {
        const host = index === own || !holds(index) ? undefined : hostOf(slot)
        return host === undefined ? [] : [host]
      }),
    )
  return {
    candidates: (avoid) => {
      const desired = map.slots[own]?.desired
      if (desired === undefined) return []
      const { ranked } = search(components.parts, desired, 0, avoid)
      const together = hostsWhere((index) => groupOf(index) === groupOf(own))
      const shared = ranked.filter(({ listing }) => together.has(listing.host.address))
      if (shared.length > 0) return shared
      const inGroup = (slot: Instance, index: number) =>
        groupOf(index) === groupOf(own) && slot.state().exit === undefined
      const leads = slots.findIndex(inGroup) === own
      if (together.size === 0 && !leads) return []
      const taken = hostsWhere((index) => groupOf(index) !== groupOf(own))
      const isTaken = ({ listing }: Ranked) => taken.has(listing.host.address)
      const free = ranked.filter((one) => !isTaken(one))
      const shift = free.length === 0 || taken.size > 0 ? 0 : groupOf(own) % free.length
      return [...free.slice(shift), ...free.slice(0, shift), ...ranked.filter(isTaken)]
    },
  }
}

/** Tells the counts now and then; when the map is over, tries to `finish` it until that could be written down. */
const keepTold = async (
  { parts }: MapsComponents,
  progress: MapProgress,
  isOver: () => boolean,
  finish: () => void,
  signal: AbortSignal,
): Promise<void> => {
  let flushedMs = parts.clock.monotonicMs()
  for (;;) {
    await parts.clock.sleep(tellMs, signal)
    try {
      if (isOver()) return finish()
      progress.tell()
      if (parts.clock.monotonicMs() - flushedMs < flushMs) continue
      flushedMs = parts.clock.monotonicMs()
      progress.flush()
    } catch (caught) {
      const reason = toArtelError(caught).message
      parts.log.error('a map cannot be written down', { map: progress.id, reason })
    }
  }
}

const summary = (failed: number, total: number): string | undefined =>
  failed === 0 ? undefined : `${failed} of ${total} tasks failed`

/** Sets a map going that is written down: its slots, their workers, and what is told of it. */
export const runMap = (components: MapsComponents, request: MapCreate, map: NewMap): RunningMap => {
  const { parts, supervision, limits } = components
  const store = mapStore(parts.records)
  const progress = createMapProgress({ ...parts, store }, map.id, map.entry, map.tasks)
  const schedule = createMapSchedule({ tasks: map.tasks.length, triesMax: request.triesMax })
  const slots = map.slots.map(({ id }) => openInstance(parts, id))
  const stop = (): void => {
    for (const slot of slots) {
      const { exit, stop: stopped } = slot.state()
      if (exit !== undefined || stopped !== undefined) continue
      slot.record({ kind: 'stop-requested', graceSeconds: 0, reason: 'user' })
    }
  }
  const onOver = (): void => {
    const { failed } = schedule.counts()
    progress.setStatus(failed === 0 ? 'done' : 'failed', summary(failed, map.entry.total))
    stop()
  }
  const hasEnded = (): boolean => schedule.isOver() || progress.isOver()
  const finish = (): void => {
    if (schedule.isOver()) onOver()
    else stop()
    if (!progress.entry().removed) progress.flush()
  }
  const job: MapJob = {
    parts,
    limits,
    progress,
    schedule,
    spec: map.spec,
    command: [...(request.entrypoint ?? []), ...request.command],
    inputs: request.tasks,
    taskTimeoutSeconds: request.taskTimeoutSeconds,
    attempts: new Map(),
    onOver,
  }
  for (const [index, instance] of slots.entries()) {
    const context = supervision.contextOf(instance, { attached: false })
    const market = marketOf(components, map, slots, index, request.workersPerHost)
    const onSlotOver = (): void => {
      const { exit } = instance.state()
      if (progress.isOver() || exit === undefined) return
      const message = exit.message ?? exit.reason ?? 'a host of the pool is gone for good'
      progress.notice(message)
      if (slots.every((slot) => isOver(slot.state()))) progress.setStatus('failed', message)
    }
    const firstOfHost = index - (index % request.workersPerHost)
    const together = slots.slice(firstOfHost, firstOfHost + request.workersPerHost)
    instance.hub.onChange(() => {
      for (const slot of together) if (slot !== instance) slot.bell.ring()
    })
    beginSlot(job, context, market, supervision, onSlotOver)
  }
  supervision.tasks.spawn((signal) => keepTold(components, progress, hasEnded, finish, signal))
  const inputs = request.tasks.flatMap(({ blob }) => (blob === undefined ? [] : [blob]))
  return { progress, inputs, stop }
}
