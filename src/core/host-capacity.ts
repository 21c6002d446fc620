import {
  addResources,
  fits,
  noResources,
  type Resources,
  shortOf,
  subtractResources,
} from './resources.ts'

/** What the owner gives to tenants, in all. */
export type Capacity = {
  /** `gpus` is the length of `gpuIds`. */
  readonly resources: Resources
  readonly gpuIds: readonly string[]
  readonly leasesMax: number
}

/** What one lease, or one bid that may become a lease, keeps from all others. */
export type Hold = {
  readonly resources: Resources
  readonly gpuIds: readonly string[]
}

export type Fit =
  | { readonly ok: true; readonly gpuIds: readonly string[] }
  | { readonly ok: false; readonly short: readonly (keyof Resources | 'leases')[] }

/** What is left beside `holds`; negative parts where the owner took back what is in use. */
export const freeOf = (capacity: Capacity, holds: readonly Hold[]): Resources =>
  subtractResources(
    capacity.resources,
    holds.reduce((sum, hold) => addResources(sum, hold.resources), noResources),
  )

/** Whether `wanted` fits beside `holds`, and which GPUs it would get. */
export const fitBeside = (capacity: Capacity, holds: readonly Hold[], wanted: Resources): Fit => {
  if (holds.length >= capacity.leasesMax) return { ok: false, short: ['leases'] }
  const short = shortOf(wanted, freeOf(capacity, holds))
  if (short.length > 0) return { ok: false, short }
  const taken = new Set(holds.flatMap((hold) => hold.gpuIds))
  const gpuIds = capacity.gpuIds.filter((id) => !taken.has(id)).slice(0, wanted.gpus)
  return gpuIds.length < wanted.gpus ? { ok: false, short: ['gpus'] } : { ok: true, gpuIds }
}

/** Whether `wanted` would fit if nothing else ran here. */
export const couldEverFit = (capacity: Capacity, wanted: Resources): boolean =>
  capacity.leasesMax > 0 && fits(wanted, capacity.resources)
