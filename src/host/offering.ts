import { freeOf } from '#core/host-capacity'
import type { Address } from '#core/ids'
import type { Resources } from '#core/resources'
import type { OfferDraft } from '#peers/offer-gossip'
import type { ChainInfo } from '#ports/chain'
import type { LeaseStore } from './lease-store.ts'
import type { Selling } from './selling.ts'

const nonNegative = (resources: Resources): Resources => ({
  cpuMilli: Math.max(0, resources.cpuMilli),
  memoryBytes: Math.max(0, resources.memoryBytes),
  diskBytes: Math.max(0, resources.diskBytes),
  gpus: Math.max(0, resources.gpus),
})

const addressesMax = 16

/** What a host says of itself now. */
export const draftOffer = (
  selling: Selling,
  leases: Pick<LeaseStore, 'holds'>,
  who: {
    readonly account: Address
    readonly chain: Pick<ChainInfo, 'chainId' | 'leases'>
    readonly addresses: readonly string[]
  },
): OfferDraft => {
  const { rules, capacity, abilities, machine } = selling
  const holds = leases.holds()
  return {
    host: who.account,
    addresses: who.addresses.slice(0, addressesMax),
    resources: nonNegative(freeOf(capacity, holds)),
    machine: {
      arch: machine.arch,
      os: machine.os.slice(0, 128),
      cpuModel: machine.cpuModel.slice(0, 128),
      cpuScore: selling.cpuScore,
      gpus: machine.gpus
        .filter(({ id }) => capacity.gpuIds.includes(id))
        .slice(0, 16)
        .map(({ name, memoryBytes }) => ({ name: name.slice(0, 128), memoryBytes })),
    },
    place: { region: selling.region },
    isolation: abilities.isolation,
    network: abilities.network,
    price: selling.price,
    terms: {
      bondMax: rules.bond,
      quitFee: rules.quitFee,
      minimumSeconds: rules.minimumSeconds,
      leaseSecondsMax: rules.leaseSecondsMax,
    },
    chain: { chainId: who.chain.chainId, leases: who.chain.leases },
    freeLeases: rules.paused ? 0 : Math.max(0, capacity.leasesMax - holds.length),
    features: [],
  }
}
