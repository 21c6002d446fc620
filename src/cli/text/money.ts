import { formatAmount, formatHourlyPrice, rate, type TokenInfo } from '#core/money'

/** An amount as the API says it, for people: `1.25 USDC`. */
export const formatTokens = (units: string, token: TokenInfo): string =>
  `${formatAmount(BigInt(units), token.decimals)} ${token.symbol}`

/** A rate as the API says it, per hour: `0.016 USDC/h`. */
export const formatPrice = (nanoUnitsPerSecond: string, token: TokenInfo): string =>
  `${formatHourlyPrice(rate(BigInt(nanoUnitsPerSecond)), token.decimals)} ${token.symbol}/h`
