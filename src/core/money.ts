import type { Brand } from './brand.ts'

/** Token base units (for a token of 6 decimals: millionths of a token). */
export type TokenAmount = Brand<bigint, 'TokenAmount'>
/** 1e-9 token base units per second. */
export type Rate = Brand<bigint, 'Rate'>

export const rateScale = 1_000_000_000n
export const secondsPerHour = 3600n

export const tokenAmount = (units: bigint): TokenAmount => units as TokenAmount
export const rate = (nanoUnitsPerSecond: bigint): Rate => nanoUnitsPerSecond as Rate
export const noTokens = tokenAmount(0n)

/** How a token is written: its symbol and how many decimals its base unit stands for. */
export type TokenInfo = { readonly symbol: string; readonly decimals: number }

/** `"1.25"` -> base units, or undefined when it is no non-negative decimal that the token can hold exactly. */
export const parseAmount = (text: string, decimals: number): TokenAmount | undefined => {
  const match = /^(\d{1,30})(?:\.(\d{1,30}))?$/.exec(text.trim())
  if (match === null) return undefined
  const fraction = (match[2] ?? '').replace(/0+$/, '')
  if (fraction.length > decimals) return undefined
  return tokenAmount(BigInt((match[1] ?? '0') + fraction.padEnd(decimals, '0')))
}

/** Base units -> `"1.25"`: no grouping, no trailing zeros; `digitsMax` rounds down. */
export const formatAmount = (units: bigint, decimals: number, digitsMax = decimals): string => {
  const negative = units < 0n
  const digits = (negative ? -units : units).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits
    .slice(digits.length - decimals)
    .slice(0, digitsMax)
    .replace(/0+$/, '')
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** Base units per hour -> rate, rounded up so that a cheap host never sells for nothing. */
export const rateOfHourly = (unitsPerHour: bigint): Rate =>
  rate((unitsPerHour * rateScale + secondsPerHour - 1n) / secondsPerHour)

/** Rate -> base units per hour, rounded down. */
export const hourlyOf = (value: Rate): TokenAmount =>
  tokenAmount((value * secondsPerHour) / rateScale)

/** What `seconds` at `value` cost, rounded up: the least deposit that covers them. */
export const costOf = (value: Rate, seconds: number): TokenAmount =>
  tokenAmount((value * BigInt(Math.ceil(seconds)) + rateScale - 1n) / rateScale)

/** A decimal price per hour in tokens (`"0.02"`) -> rate; hourly prices may be finer than a base unit. */
export const parseHourlyPrice = (text: string, decimals: number): Rate | undefined => {
  const fine = parseAmount(text, decimals + 9)
  return fine === undefined ? undefined : rate((fine + secondsPerHour - 1n) / secondsPerHour)
}

/** Rate -> tokens per hour as text, at most `digitsMax` digits after the point. */
export const formatHourlyPrice = (value: Rate, decimals: number, digitsMax = 6): string =>
  formatAmount(value * secondsPerHour, decimals + 9, digitsMax)
