import { UsageError } from '#cli/flags/usage-error'
import { parseAmount, type TokenInfo } from '#core/money'

/** An amount of a command line, in tokens. Throws UsageError. */
export const readAmount = (text: string, token: TokenInfo): bigint => {
  const amount = parseAmount(text, token.decimals)
  if (amount === undefined || amount === 0n) {
    throw new UsageError(
      `invalid amount "${text}": expected ${token.symbol} such as 2.5, at most ${token.decimals} decimals`,
    )
  }
  return amount
}
