import { z } from 'zod'
import { addressText, peerIdText } from '#protocol/codecs'

/** Every refusal of the API, whatever the route: HTTP status by code, body of this form. */
export const apiErrorSchema = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    hint: z.string().exactOptional(),
  }),
})

/** Bounds of the API. A body beyond them gets 413 `too-large`. */
export const apiLimits = {
  jsonBytesMax: 4 * 1024 * 1024,
  blobBytesMax: 1024 ** 4,
  listMax: 10_000,
  idempotencyKeyBytesMax: 128,
  idempotencyHours: 24,
} as const

/** Who serves, as a person can recognise it. */
export const hostNameSchema = z.strictObject({
  address: addressText,
  peer: peerIdText,
  region: z.string(),
})

export const nameText = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/, 'expected letters, digits and _.- (docker name)')

export type ApiError = z.output<typeof apiErrorSchema>
export type HostName = z.output<typeof hostNameSchema>
