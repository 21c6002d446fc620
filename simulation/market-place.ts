import { createMemoryRecords } from '#adapters/memory/records'
import { createSeededSigner } from '#adapters/memory/signer'
import { assembleBase } from '#node/assemble-base'
import { keepConnected, together } from './bootstrap.ts'
import { createSite } from './site.ts'
import { createChainLink, type WorldParts } from './world-parts.ts'

/** A public node through which others join, and which answers what is for sale. */
export type MarketPlace = ReturnType<typeof createMarketPlace>

export const marketSigner = (parts: Pick<WorldParts, 'random'>, name: string) =>
  createSeededSigner(parts.random.fork(`${name}/key`))

export const createMarketPlace = (parts: WorldParts, name: string) => {
  const { clock, log } = parts
  const signer = marketSigner(parts, name)
  const chainLink = createChainLink(parts.ledger, signer)
  const site = createSite(
    {
      clock,
      random: parts.random.fork(name),
      log,
      signer,
      records: createMemoryRecords(),
      network: () => parts.internet.node({ peer: signer.peerId }),
    },
    {
      name,
      assemble: (ports) => {
        const { clock: own, network } = ports
        const base = assembleBase(
          { ...ports, signer, chain: chainLink.connect(own) },
          { regions: [parts.region], marketNode: true },
        )
        return together(
          keepConnected({ network, clock: own, log: ports.log }, parts.bootstrap),
          base,
        )
      },
    },
  )
  return { site }
}
