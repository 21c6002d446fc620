import { tokenAmount } from '#core/money'
import type { TenantBody } from '../tenant-body.ts'

/** Tenants' nodes that say what is not so, by the checker that must find it. */
export const tenantPlants = {
  'bills-true': ({ runs }) => ({
    runs: {
      ...runs,
      list: () => runs.list().map((run) => ({ ...run, cost: tokenAmount(run.cost + 1000n) })),
    },
  }),
  'maps-complete': ({ maps }) => ({
    maps: {
      ...maps,
      list: () => maps.list().map((map) => ({ ...map, done: Math.max(0, map.done - 1) })),
    },
  }),
  'outputs-complete': ({ runs }) => ({
    runs: {
      ...runs,
      logs: async function* (name, query, signal) {
        for await (const frame of runs.logs(name, query, signal)) {
          yield { ...frame, bytes: frame.bytes.slice(0, -1) }
        }
      },
    },
  }),
} as const satisfies Readonly<Record<string, (tenant: TenantBody) => Partial<TenantBody>>>

export type TenantPlant = keyof typeof tenantPlants
