import type { Desired } from '#core/deployment'
import { ArtelError } from '#core/errors'
import { costOf, rate, tokenAmount } from '#core/money'
import { noResources } from '#core/resources'
import { noFreeLease } from '#core/scheduling/match'
import type { Ranked } from '#core/scheduling/rank'
import { nowSeconds } from '#ports/clock'
import { balanceError } from './acts/deposit.ts'
import type { Commitments } from './commitments.ts'
import type { TenantParts } from './components.ts'
import { noMatchError, search } from './search.ts'

type Wanted = Pick<Desired, 'service' | 'arch'>

/** The least that must be paid for to begin anything. */
const firstSeconds = 30

const archs = ['amd64', 'arm64', 'arm', '386', 'ppc64le', 's390x', 'riscv64'] as const

const platformError = (parts: TenantParts, wanted: Wanted): ArtelError | undefined => {
  const elsewhere = archs.filter(
    (arch) => arch !== wanted.arch && search(parts, { ...wanted, arch }, 0).ranked.length > 0,
  )
  if (elsewhere.length === 0) return undefined
  return new ArtelError(
    'image-platform',
    `the image is for ${wanted.arch}, the hosts that fit are ${elsewhere.join(', ')}`,
    { hint: 'Use an image for one of these, or pull it with --platform.' },
  )
}

/** How long ago a lease may have been closed whose room its host is still clearing. */
const clearingSeconds = 15
const clearingMs = 4_000
const lookAgainMs = 200

/** Whether room alone is missing while hosts clear up after leases that this account has just closed. */
const isClearing = (parts: TenantParts, wanted: Wanted, imageBytes: number): boolean => {
  const { clock, follower, signer } = parts
  const since = nowSeconds(clock) - clearingSeconds
  const closed = follower
    .leases()
    .some(({ terms, ended }) => terms.tenant === signer.address && (ended ?? 0) > since)
  if (!closed) return false
  const requirements = { ...wanted.service.requirements, resources: noResources }
  const least = { ...wanted, service: { ...wanted.service, requirements } }
  const { ranked, excluded } = search(parts, least, imageBytes)
  return ranked.length > 0 || excluded.some(({ constraint }) => constraint === noFreeLease)
}

const afterClearing = async (
  parts: TenantParts,
  wanted: Wanted,
  imageBytes: number,
  signal: AbortSignal,
): Promise<readonly Ranked[]> => {
  const untilMs = parts.clock.monotonicMs() + clearingMs
  while (parts.clock.monotonicMs() < untilMs && isClearing(parts, wanted, imageBytes)) {
    await parts.clock.sleep(lookAgainMs, signal)
    const { ranked } = search(parts, wanted, imageBytes)
    if (ranked.length > 0) return ranked
  }
  return []
}

/** Hosts that fit; asks the neighbours once more before it says that there are none. */
export const findHosts = async (
  parts: TenantParts,
  wanted: Wanted,
  imageBytes: number,
  signal: AbortSignal,
): Promise<readonly Ranked[]> => {
  const first = search(parts, wanted, imageBytes)
  if (first.ranked.length > 0) return first.ranked
  await parts.refreshMarket(signal)
  const cleared = await afterClearing(parts, wanted, imageBytes, signal)
  if (cleared.length > 0) return cleared
  const { ranked, excluded } = search(parts, wanted, imageBytes)
  if (ranked.length > 0) return ranked
  throw platformError(parts, wanted) ?? noMatchError(parts, wanted, excluded)
}

/** Checks that the account can begin to pay the cheapest of `ranked`. Throws 'balance' or 'gas'. */
export const checkMeans = async (
  parts: TenantParts,
  commitments: Commitments,
  ranked: readonly Ranked[],
  signal: AbortSignal,
): Promise<void> => {
  const { signer, chain } = parts
  const [balance, gas] = await Promise.all([
    chain.balance(signer.address, signal),
    chain.gasBalanceWei(signer.address, signal),
  ])
  const cheapest = ranked.reduce((least, one) => Math.min(least, one.rate), Number.MAX_SAFE_INTEGER)
  const needed = costOf(rate(BigInt(Math.ceil(cheapest))), firstSeconds)
  const free = tokenAmount(balance - commitments.total())
  if (ranked.length > 0 && free < needed) throw balanceError(needed, free, chain.info.tokenInfo)
  if (gas === 0n) {
    throw new ArtelError(
      'gas',
      `the account ${signer.address} cannot pay for the gas of a transaction`,
      {
        hint: 'Send it some of the chain’s own coin.',
      },
    )
  }
}
