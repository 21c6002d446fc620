import { ArtelError } from '#core/errors'
import { costOf, formatAmount, type TokenAmount, tokenAmount } from '#core/money'
import type { Terms } from '#core/terms'
import type { ActContext } from './context.ts'

/** With less than this paid for, a lease would end before the program has begun. */
const leastSeconds = 30
/** For starting and stopping around the program's own time. */
const aroundSeconds = 60

/** Says in tokens what is missing. */
export const balanceError = (
  needed: TokenAmount,
  free: TokenAmount,
  token: { readonly symbol: string; readonly decimals: number },
): ArtelError => {
  const say = (amount: bigint) => `${formatAmount(amount, token.decimals)} ${token.symbol}`
  return new ArtelError(
    'balance',
    `the vault holds ${say(free)} free, ${say(needed)} are needed: ${say(needed - free)} missing`,
    { hint: 'Put tokens into the vault: `artel wallet deposit`.' },
  )
}

/** How much to put into escrow for these terms: up to the policy's time, less where the balance is short. */
export const depositFor = async (
  { parts, limits, commitments, instance }: ActContext,
  terms: Pick<Terms, 'rate' | 'extraMax' | 'minimum'>,
  signal: AbortSignal,
): Promise<TokenAmount> => {
  const timeout = instance.state().desired.service.run?.timeoutSeconds
  const { depositSeconds } = limits.policy
  const seconds =
    timeout === undefined ? depositSeconds : Math.min(depositSeconds, timeout + aroundSeconds)
  const cost = (time: number) => tokenAmount(terms.extraMax + costOf(terms.rate, time))
  const wanted = cost(Math.max(seconds, terms.minimum))
  const least = cost(Math.max(leastSeconds, terms.minimum))
  const balance = await parts.chain.balance(parts.signer.address, signal)
  const free = tokenAmount(balance - commitments.total())
  if (free >= wanted) return wanted
  if (free >= least) return free
  throw balanceError(least, free, parts.chain.info.tokenInfo)
}
