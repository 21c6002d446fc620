import { defaultPolicy, type SupervisionPolicy } from '#core/scheduling/policy'
import { createCommitments } from './commitments.ts'
import type { TenantLimits, TenantParts } from './components.ts'
import { createHostHistory } from './host-history.ts'
import { createImages } from './images.ts'
import { createLatencyProbe } from './latencies.ts'
import { createLeases } from './leases.ts'
import { createListings, type OfferSource } from './listings.ts'
import { createMaps } from './maps/maps.ts'
import { createMarket } from './market.ts'
import { createRunBook } from './run-book.ts'
import { createRuns, resumeRuns } from './runs.ts'
import { createSupervision } from './supervision.ts'
import { createWallet } from './wallet.ts'
import { createWalletHistory } from './wallet-history.ts'

export type TenantComponents = Omit<TenantParts, 'listings'> & { readonly offers: OfferSource }

export type TenantOptions = Partial<TenantLimits> & { readonly policy?: SupervisionPolicy }

const mib = 1024 ** 2

const defaultLimits: TenantLimits = {
  policy: defaultPolicy,
  spoolBytesMax: 64 * mib,
  outputBytesMax: 64 * 1024 * mib,
  runsMax: 10_000,
}

/** Everything a node does as a tenant: runs, maps, the market, leases and the wallet. */
export const createTenant = (components: TenantComponents, options: TenantOptions = {}) => {
  const { offers, clock, caller, log, follower, records, signer } = components
  const limits = { ...defaultLimits, ...options }
  const latencies = createLatencyProbe({ clock, caller, log })
  const history = createHostHistory({ records, follower, tenant: signer.address })
  const walletHistory = createWalletHistory({ records, follower, account: signer.address })
  const listings = createListings({ offers, history, latencies })
  const parts: TenantParts = { ...components, listings }
  const commitments = createCommitments()
  const book = createRunBook()
  const supervision = createSupervision(parts, limits, commitments)
  const images = createImages(components.engine)
  const runs = { parts, commitments, images, latencies, book, supervision }
  const maps = createMaps({ parts, limits, images, commitments, supervision })
  return {
    runs: createRuns(runs),
    maps,
    market: createMarket({ offers, latencies, history, chain: components.chain }),
    leases: createLeases(parts, book),
    wallet: createWallet(parts, walletHistory),
    blobs: { put: components.blobs.put },
    start: async (_signal: AbortSignal): Promise<void> => {
      resumeRuns(runs)
      maps.resume()
    },
    stop: async (): Promise<void> => {
      await supervision.stop()
      listings.stop()
      history.stop()
      walletHistory.stop()
    },
  }
}
