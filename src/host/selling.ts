import type { Capacity } from '#core/host-capacity'
import { defaultRules, type HostAbilities, type OwnerRules } from '#core/host-rules'
import { noTokens, tokenAmount } from '#core/money'
import type { OfferPrice } from '#core/offer'
import type { Resources } from '#core/resources'
import type { EngineInfo } from '#ports/engine'
import type { MachineFacts } from '#ports/machine'
import type { HostSettings } from '#protocol/host-records'

/** What a host can and wants to sell now: the owner's decisions applied to this machine. */
export type Selling = {
  readonly rules: OwnerRules
  readonly price: OfferPrice
  readonly region: string
  readonly capacity: Capacity
  readonly abilities: HostAbilities
  readonly machine: MachineFacts
  readonly cpuScore: number
}

/** What this machine turned out to be and to be able to do. */
export type HostFacts = {
  readonly machine: MachineFacts
  readonly engine: EngineInfo
  readonly cpuScore: number
  /** Whether leases can be cut off from the owner's network. */
  readonly firewall: boolean
}

/** What stays with the owner of the machine unless it is given away by name. */
const reserve = { cpuShare: 0.1, memoryShare: 0.2, diskShare: 0.2 } as const

const givenOf = (facts: HostFacts, join: HostSettings['join']): Resources => {
  const has = facts.machine.resources
  const cpus = Math.min(has.cpuMilli, facts.engine.cpus * 1000)
  const memory = Math.min(has.memoryBytes, facts.engine.memoryBytes)
  const share = (whole: number, kept: number): number => Math.floor(whole * (1 - kept))
  return {
    cpuMilli: Math.min(cpus, join.cpuMilli ?? share(cpus, reserve.cpuShare)),
    memoryBytes: Math.min(memory, join.memoryBytes ?? share(memory, reserve.memoryShare)),
    diskBytes: Math.min(has.diskBytes, join.diskBytes ?? share(has.diskBytes, reserve.diskShare)),
    gpus: Math.min(facts.machine.gpus.length, join.gpus ?? facts.machine.gpus.length),
  }
}

export const abilitiesOf = (facts: HostFacts): HostAbilities => ({
  isolation: facts.engine.runtimes.includes('runsc') ? ['container', 'gvisor'] : ['container'],
  network: facts.firewall ? ['egress', 'none'] : ['none'],
})

/** What the owner's settings come to on this machine. */
export const sellingOf = (
  settings: HostSettings,
  facts: HostFacts,
  tenants: Pick<OwnerRules, 'tenantsAllowed' | 'tenantsDenied' | 'imagesDenied'>,
): Selling => {
  const { join } = settings
  const bond = join.bond ?? noTokens
  const quitFee = join.quitFee ?? noTokens
  const resources = givenOf(facts, join)
  return {
    rules: {
      ...defaultRules,
      ...tenants,
      paused: settings.state !== 'selling',
      leasesMax: join.leasesMax,
      bond,
      quitFee: tokenAmount(quitFee < bond ? quitFee : bond),
      reportFee: noTokens,
      minimumSeconds: join.minimumSeconds,
      leaseSecondsMax: join.leaseSecondsMax,
    },
    price: join.price,
    region: join.region,
    capacity: {
      resources,
      gpuIds: facts.machine.gpus.slice(0, resources.gpus).map(({ id }) => id),
      leasesMax: join.leasesMax,
    },
    abilities: abilitiesOf(facts),
    machine: facts.machine,
    cpuScore: facts.cpuScore,
  }
}
