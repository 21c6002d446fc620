import { apply } from '#core/leases-state'
import type { Clock } from '#ports/clock'
import type { Engine } from '#ports/engine'
import type { Fault } from '../faults.ts'
import type { TenantBody } from '../tenant-body.ts'
import {
  type Apply,
  type ContractPlant,
  contractPlants,
  plantInContract,
} from './contract-plants.ts'
import { type EnginePlant, enginePlants } from './engine-plants.ts'
import { type TenantPlant, tenantPlants } from './tenant-plants.ts'

/** Bugs by the checker that must find them. `same-trace` is found by running a seed twice. */
const worldPlants = [
  'every-lease-settled',
  'leases-closed-promptly',
  'queues-bounded',
  'honest-unharmed',
  'same-trace',
] as const

export type Plant = ContractPlant | EnginePlant | TenantPlant | (typeof worldPlants)[number]

const isContractPlant = (name: string): name is ContractPlant => name in contractPlants
const isTenantPlant = (name: string): name is TenantPlant => name in tenantPlants
const isEnginePlant = (name: string): name is EnginePlant => name in enginePlants

export const plantNames: readonly string[] = [
  ...Object.keys(contractPlants),
  ...Object.keys(enginePlants),
  ...Object.keys(tenantPlants),
  ...worldPlants,
]

export const isPlant = (name: string): name is Plant => plantNames.includes(name)

type Refusing = ReadonlySet<string>
const refused: Readonly<Partial<Record<Plant, Refusing>>> = {
  'every-lease-settled': new Set(['close', 'settle', 'settleBatch']),
  'leases-closed-promptly': new Set(['close']),
}

/** The contract of the world. */
export const plantedApply = (plant: Plant | undefined): Apply => {
  if (plant === undefined) return apply
  if (isContractPlant(plant)) return plantInContract(plant)
  const refusing = refused[plant]
  if (refusing === undefined) return apply
  return (state, call, env, signing) =>
    refusing.has(call.kind)
      ? { ok: false, refusal: 'WrongStatus' }
      : apply(state, call, env, signing)
}

/** The engine of a host. */
export const plantedEngine = <E extends Engine>(plant: Plant | undefined, engine: E): E =>
  plant !== undefined && isEnginePlant(plant)
    ? { ...engine, ...enginePlants[plant](engine) }
    : engine

/** What a tenant's node says. */
export const plantedTenant = <T extends TenantBody>(plant: Plant | undefined, tenant: T): T =>
  plant !== undefined && isTenantPlant(plant)
    ? { ...tenant, ...tenantPlants[plant](tenant) }
    : tenant

const leakMs = 30 * 24 * 3_600_000

/** The clock of a node. */
export const plantedClock = (plant: Plant | undefined, clock: Clock): Clock => {
  if (plant !== 'queues-bounded') return clock
  return {
    ...clock,
    sleep: (ms, signal) => {
      clock.sleep(leakMs, new AbortController().signal).catch(() => undefined)
      return clock.sleep(ms, signal)
    },
  }
}

/** Faults that a world said to have none has all the same. */
export const plantedFaults = (
  plant: Plant | undefined,
  lastsMs: number,
  hosts: number,
): readonly Fault[] =>
  plant === 'honest-unharmed'
    ? [0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].flatMap((share) =>
        Array.from({ length: hosts }, (_, host) => ({
          kind: 'power-cut' as const,
          host,
          atMs: Math.floor(share * lastsMs),
          forMs: 60_000,
        })),
      )
    : []

/** What is mixed into the seed: real time, for a world that cannot be repeated. */
export const plantedSeed = (plant: Plant | undefined): string =>
  plant === 'same-trace' ? `/${performance.now()}` : ''
