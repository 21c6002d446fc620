import { tokenAmount } from '#core/money'
import { createHost, type Host } from '#host/host'
import { type HostOptions, hostDefaults } from '#host/host-parts'
import type { Engine } from '#ports/engine'
import type { Firewall } from '#ports/firewall'
import type { Machine } from '#ports/machine'
import type { Spools } from '#ports/spools'
import type { Volumes } from '#ports/volumes'
import type { Base } from './assemble-base.ts'

/** What a host needs of its machine, beside what every node needs. */
export type HostPorts = {
  readonly engine: Engine
  readonly firewall: Firewall
  readonly machine: Machine
  readonly spools: Spools
  readonly volumes: Volumes
}

/** The part of a node that sells; started after the base and stopped before it. */
export const assembleHost = (
  base: Base,
  ports: HostPorts,
  options: Partial<HostOptions> = {},
): Host => {
  const { chain, clock, log, network, records, signer } = base.ports
  const { follower, outbox, server } = base
  return createHost(
    {
      chain,
      clock,
      follower,
      log: log.with({ part: 'host' }),
      network,
      outbox,
      records,
      server,
      signer,
      ...ports,
    },
    {
      account: signer.address,
      ...hostDefaults,
      settlement: hostSettlement(chain.info.tokenInfo.decimals),
      ...options,
    },
    { onOffer: (offer) => void base.index.add(offer, network.self, { solicited: true }) },
  )
}

/** Claims before the end of a lease only what is worth the gas: one token, or a day of service. */
const hostSettlement = (decimals: number): HostOptions['settlement'] => ({
  claimAbove: tokenAmount(10n ** BigInt(decimals)),
  claimEverySeconds: 86_400,
})
