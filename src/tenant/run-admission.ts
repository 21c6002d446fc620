import type { Desired } from '#core/deployment'
import { ArtelError } from '#core/errors'
import { costOf, rate, tokenAmount } from '#core/money'
import type { Ranked } from '#core/scheduling/rank'
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
