import { defaultPolicy, type SupervisionPolicy } from '#core/scheduling/policy'
import { createBlobUse } from './blob-use.ts'
import { createCommitments } from './commitments.ts'
import type { TenantLimits, TenantParts } from './components.ts'
import { createHostHistory } from './host-history.ts'
import { createImages } from './images.ts'
import { createLatencyProbe, type LatencyProbe } from './latencies.ts'
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

const measureEveryMs = 60_000
const measureFirstMs = 3_000
const measureWithinMs = 5_000
const measuredMax = 32

/** Knows the round trips to likely hosts before anybody asks. Ends with the signal. */
const keepMeasuring = async (
  { clock, listings }: Pick<TenantParts, 'clock' | 'listings'>,
  latencies: LatencyProbe,
  signal: AbortSignal,
): Promise<void> => {
  for (let waitMs = measureFirstMs; ; waitMs = measureEveryMs) {
    await clock.sleep(waitMs, signal)
    const peers = listings
      .all()
      .toSorted((a, b) => a.price.base - b.price.base || (a.host.peer < b.host.peer ? -1 : 1))
      .slice(0, measuredMax)
      .map(({ host }) => host.peer)
    await latencies.measure(peers, measureWithinMs, signal)
  }
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
  const blobUse = createBlobUse(components.blobs)
  const images = createImages(components.engine)
  const runs = { parts, limits, commitments, images, latencies, book, supervision, blobUse }
  const maps = createMaps({ parts, limits, images, commitments, supervision, blobUse })
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
      supervision.tasks.spawn((life) => keepMeasuring(parts, latencies, life))
    },
    stop: async (): Promise<void> => {
      await supervision.stop()
      listings.stop()
      history.stop()
      walletHistory.stop()
    },
  }
}
