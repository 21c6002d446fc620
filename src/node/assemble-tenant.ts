import type { Blobs } from '#ports/blobs'
import type { Engine } from '#ports/engine'
import type { Spools } from '#ports/spools'
import { createTenant, type TenantOptions } from '#tenant/tenant'
import type { Base } from './assemble-base.ts'

/** What a tenant needs of its machine, beside what every node needs. */
export type TenantPorts = {
  readonly blobs: Blobs
  readonly spools: Spools
  /** For images that exist nowhere else; a tenant can do without. */
  readonly engine?: Engine
}

/** The part of a node that rents; started after the base and stopped before it. */
export const assembleTenant = (
  base: Base,
  ports: TenantPorts,
  options: TenantOptions = {},
): ReturnType<typeof createTenant> => {
  const { caller, follower, index, outbox, refreshMarket } = base
  const { chain, clock, log, random, records, signer } = base.ports
  return createTenant(
    {
      caller,
      chain,
      clock,
      follower,
      log: log.with({ part: 'tenant' }),
      offers: index,
      outbox,
      random,
      records,
      refreshMarket,
      signer,
      ...ports,
    },
    options,
  )
}
