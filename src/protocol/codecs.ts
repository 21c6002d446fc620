import { z } from 'zod'
import {
  type Address,
  type Hash32,
  type Hex,
  type PeerId,
  parseAddress,
  parseHash32,
  parsePeerId,
  parseRunId,
  type RunId,
} from '#core/ids'
import { type Rate, rate, type TokenAmount, tokenAmount } from '#core/money'
import type { Resources } from '#core/resources'

const branded = <T extends string>(parse: (text: string) => T | undefined, what: string) =>
  z.custom<T>((value) => typeof value === 'string' && parse(value) === value, { error: what })

/** Ids travel as the text that they are, in their one canonical spelling. */
export const addressText = branded<Address>(parseAddress, 'expected a lowercase 0x address')
export const hash32Text = branded<Hash32>(parseHash32, 'expected 32 bytes in lowercase 0x hex')
export const peerIdText = branded<PeerId>(parsePeerId, 'expected a peer id')
export const runIdText = branded<RunId>(parseRunId, 'expected 32 hexadecimal digits')
export const hexText = (bytesMax: number) =>
  z.custom<Hex>(
    (value) =>
      typeof value === 'string' &&
      value.length <= 2 + 2 * bytesMax &&
      /^0x([0-9a-f]{2})*$/.test(value),
    { error: `expected at most ${bytesMax} bytes in lowercase 0x hex` },
  )
export const signatureText = hexText(8 * 1024)

const decimal = z.string().regex(/^(0|[1-9]\d{0,77})$/, 'expected a whole number as text')

/** Money is a bigint here and decimal text in JSON; the check lets an absent optional one encode to nothing. */
const isBigint = (value: unknown) => typeof value === 'bigint'
export const amountText = z.codec(decimal, z.custom<TokenAmount>(isBigint), {
  decode: (text) => tokenAmount(BigInt(text)),
  encode: (value) => value.toString(),
})
export const rateText = z.codec(decimal, z.custom<Rate>(isBigint), {
  decode: (text) => rate(BigInt(text)),
  encode: (value) => value.toString(),
})

/** Unix seconds or a duration in seconds: fits the contract's uint40. */
export const seconds = z
  .number()
  .int()
  .nonnegative()
  .max(2 ** 40 - 1)
export const milliseconds = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER)
export const bytesCount = z.number().int().nonnegative()

export const resourcesSchema: z.ZodType<Resources> = z.strictObject({
  cpuMilli: z.number().int().min(0).max(4_096_000),
  memoryBytes: bytesCount,
  diskBytes: bytesCount,
  gpus: z.number().int().min(0).max(64),
})
