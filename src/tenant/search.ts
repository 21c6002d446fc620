import type { Desired } from '#core/deployment'
import { ArtelError } from '#core/errors'
import { formatHourlyPrice, rate } from '#core/money'
import { type Exclusion, type Matched, match } from '#core/scheduling/match'
import { type Ranked, rank } from '#core/scheduling/rank'
import type { MarketSnapshot } from '#core/scheduling/situation'
import type { TenantParts } from './components.ts'
import { matchRequestOf } from './run-request.ts'

type Parts = Pick<TenantParts, 'signer' | 'chain' | 'clock' | 'listings'>
type Wanted = Pick<Desired, 'service' | 'arch'>

const nobody: ReadonlySet<string> = new Set()

/** Hosts that fit, best first, and why the others do not. */
export const search = (
  parts: Parts,
  wanted: Wanted,
  imageBytes: number,
  avoid = nobody,
): { readonly ranked: readonly Ranked[]; readonly excluded: Matched['excluded'] } => {
  const matched = match(parts.listings.all(), matchRequestOf(parts, wanted, avoid))
  const ranked = rank(matched.candidates, { imageBytes, holders: nobody })
  return { ranked, excluded: matched.excluded }
}

/** The market as the supervisor of one instance sees it; hosts in `shunned` come after all others. */
export const snapshotFor = (
  parts: Parts,
  wanted: Wanted,
  imageBytes: number,
  shunned: () => ReadonlySet<string> = () => nobody,
): MarketSnapshot => ({
  candidates: (avoid) => {
    const { ranked } = search(parts, wanted, imageBytes, avoid)
    const others = shunned()
    if (others.size === 0) return ranked
    const isShunned = ({ listing }: Ranked) => others.has(listing.host.address)
    return [...ranked.filter((one) => !isShunned(one)), ...ranked.filter(isShunned)]
  },
})

const say = (excluded: readonly Exclusion[]): string =>
  excluded.map(({ constraint, count }) => `${count} left out by ${constraint}`).join(', ')

/** Nobody fits: the error that tells why, naming the cheapest price where the price was the reason. */
export const noMatchError = (
  parts: Parts,
  wanted: Wanted,
  excluded: readonly Exclusion[],
): ArtelError => {
  const { rateMax, ...wishes } = wanted.service.wishes
  const { symbol, decimals } = parts.chain.info.tokenInfo
  if (excluded.length === 0) {
    return new ArtelError('no-match', 'no host offers anything on this network yet', {
      hint: 'Become one: `artel host join`; or check `artel status` for peers.',
    })
  }
  if (rateMax !== undefined) {
    const service = { ...wanted.service, wishes }
    const request = matchRequestOf(parts, { ...wanted, service }, nobody)
    const { rates } = match(parts.listings.all(), request).candidates
    if (rates.length > 0) {
      const price = rate(BigInt(Math.ceil(rates.reduce((least, one) => Math.min(least, one)))))
      const least = `${formatHourlyPrice(price, decimals)} ${symbol}/h`
      return new ArtelError('price', `the cheapest host that fits costs ${least}`, {
        hint: 'Allow a higher price, or ask for less.',
      })
    }
  }
  return new ArtelError('no-match', `no host fits: ${say(excluded)}`, {
    hint: 'Ask for less, or elsewhere: `artel market` shows what there is.',
  })
}
