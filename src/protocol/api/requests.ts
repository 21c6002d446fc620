import { z } from 'zod'
import { bytesCount, runIdText } from '#protocol/codecs'
import { blobIdText, containerPath } from '#protocol/manifest'
import { statsSchema } from '#protocol/peer/host-routes'
import { execCreateSchema } from './runs.ts'

/** Names in paths: a run by id, unique beginning of it or name; a map by id; a task or output by index. */
export const runPathSchema = z.strictObject({ name: z.string().min(1).max(256) })
export const mapPathSchema = z.strictObject({ id: runIdText })
export const indexText = z.coerce.number().int().min(0).max(1_000_000)
export const outputPathSchema = z.strictObject({ ...runPathSchema.shape, index: indexText })
export const taskPathSchema = z.strictObject({ ...mapPathSchema.shape, index: indexText })

const yes = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1')

/** Queries are text: what they spell is checked here. */
export const logsQueryText = z.strictObject({
  follow: yes.exactOptional(),
  tail: z.coerce.number().int().min(0).max(1_000_000).exactOptional(),
  sinceMs: z.coerce.number().nonnegative().max(Number.MAX_SAFE_INTEGER).exactOptional(),
})
export const allQuery = z.strictObject({ all: yes.exactOptional() })
export const forceQuery = z.strictObject({ force: yes.exactOptional() })
export const pathQuery = z.strictObject({ path: containerPath })
export const pageQuery = z.strictObject({
  from: z.coerce.number().int().min(0).exactOptional(),
  limit: z.coerce.number().int().min(1).max(10_000).exactOptional(),
})

/** A signal by name with or without SIG, or by number, as `docker kill` takes it. */
export const killSchema = z.strictObject({
  signal: z
    .string()
    .regex(
      /^((SIG)?[A-Z][A-Z0-9+-]{1,11}|[1-9]\d?)$/,
      'expected a signal such as TERM, SIGKILL or 9',
    )
    .default('KILL'),
})
export const stopSchema = z.strictObject({
  graceSeconds: z.number().int().min(0).max(3600).exactOptional(),
})
export const resizeSchema = z.strictObject({
  columns: z.number().int().min(1).max(65_535),
  rows: z.number().int().min(1).max(65_535),
})
export const leaveSchema = z.strictObject({
  drainSeconds: z.number().int().min(0).max(86_400).default(60),
})
export const blobSchema = z.strictObject({ id: blobIdText, sizeBytes: bytesCount })

export const runStatsSchema = statsSchema

/** What a client may say on an interactive stream. `exec` is the first frame of an exec stream. */
export const clientControlSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('exec'), request: execCreateSchema }),
  z.strictObject({ type: z.literal('stdin-end') }),
  z.strictObject({ type: z.literal('resize'), ...resizeSchema.shape }),
])

export type StopRequest = z.output<typeof stopSchema>
export type BlobView = z.output<typeof blobSchema>
export type RunStatsView = z.output<typeof runStatsSchema>
