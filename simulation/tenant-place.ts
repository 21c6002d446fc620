import { createMemoryBlobs } from '#adapters/memory/blobs'
import { createMemoryEngine } from '#adapters/memory/engine'
import { createMemoryRecords } from '#adapters/memory/records'
import { createSeededSigner } from '#adapters/memory/signer'
import { createMemorySpools } from '#adapters/memory/spools'
import { tokenAmount } from '#core/money'
import { assembleBase } from '#node/assemble-base'
import { assembleTenant } from '#node/assemble-tenant'
import { keepConnected, together } from './bootstrap.ts'
import { lend } from './life.ts'
import { plantedClock, plantedTenant } from './plants/plants.ts'
import { createSite, type LifePorts } from './site.ts'
import { createTenantActor } from './tenant-actor.ts'
import type { TenantBody } from './tenant-body.ts'
import {
  createChainLink,
  drawSkewMs,
  privateImage,
  publicImage,
  type WorldParts,
} from './world-parts.ts'

/** A tenant's machine and its owner. */
export type TenantPlace = ReturnType<typeof createTenantPlace>

/** What a tenant's leases are paid from, token base units. */
const tenantPurse = 1_000_000_000n
const open = new AbortController().signal

export const createTenantPlace = (
  parts: WorldParts,
  name: string,
  onBadRefusal: (what: string) => void,
) => {
  const { clock, log } = parts
  const random = parts.random.fork(name)
  const signer = createSeededSigner(random.fork('key'))
  const records = createMemoryRecords()
  const blobs = createMemoryBlobs()
  const spools = createMemorySpools()
  const engine = createMemoryEngine({ clock, registry: [publicImage], images: [privateImage] })
  const chainLink = createChainLink(parts.ledger, signer)

  type Body = TenantBody & { readonly deposit: (units: bigint) => Promise<unknown> }
  const assemble = (ports: LifePorts): Body => {
    const { life, clock: own, network } = ports
    const base = assembleBase(
      { ...ports, clock: own, signer, chain: chainLink.connect(own) },
      { regions: [parts.region], marketNode: true },
    )
    const tenant = assembleTenant(base, {
      blobs: lend(blobs, life),
      spools: lend(spools, life),
      engine: lend(engine, life),
    })
    const connected = keepConnected({ network, clock: own, log: ports.log }, parts.bootstrap)
    return plantedTenant(parts.plant, {
      ...together(connected, base, tenant),
      runs: tenant.runs,
      maps: tenant.maps,
      blobs: tenant.blobs,
      deposit: (units) => tenant.wallet.deposit(tokenAmount(units), open),
    })
  }
  const site = createSite(
    {
      clock,
      random,
      log,
      signer,
      records,
      network: () => parts.internet.node({ peer: signer.peerId }),
    },
    {
      name,
      assemble,
      skewMs: drawSkewMs(random),
      clockOf: (own) => plantedClock(parts.plant, own),
    },
  )
  const actor = createTenantActor({ clock, site }, { onBadRefusal })
  return {
    site,
    actor,
    chainLink,
    expectationOf: actor.expectationOf,
    forgot: actor.forgot,
    /** Brings money into the vault. */
    settleIn: async (): Promise<void> => {
      await site.body()?.deposit(tenantPurse)
    },
  }
}
