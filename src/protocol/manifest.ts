import { z } from 'zod'
import { isErrorCode } from '#core/errors'
import type { ImageReference, Requirements, RunSpec } from '#core/manifest'
import type { HostRunState, RunExit } from '#core/run'
import { milliseconds, resourcesSchema } from './codecs.ts'

/** Limits of what one run may say; a host refuses more. */
export const runLimits = {
  argumentsMax: 4096,
  argumentBytesMax: 128 * 1024,
  envMax: 1024,
  labelsMax: 128,
  inputsMax: 64,
  outputsMax: 64,
  timeoutSecondsMax: 365 * 24 * 3600,
} as const

const word = z.string().max(runLimits.argumentBytesMax)
/** An absolute path in a container without `..` or NUL. */
export const containerPath = z
  .string()
  .max(4096)
  .regex(/^\/[^\0]*$/, 'expected an absolute path')
  .refine((path) => !path.split('/').includes('..'), 'a path may not contain ..')
export const blobIdText = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal')

export const requirementsSchema: z.ZodType<Requirements> = z.strictObject({
  version: z.literal(1),
  resources: resourcesSchema,
  isolation: z.enum(['container', 'gvisor']),
  network: z.enum(['egress', 'none']),
})

export const imageReferenceSchema: z.ZodType<ImageReference> = z.strictObject({
  reference: z.string().min(1).max(512),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  source: z.enum(['registry', 'tenant']),
})

export const commandSchema = z.array(word).max(runLimits.argumentsMax)
export const envSchema = z
  .array(word.regex(/^[^=\0]+=[^\0]*$/s, 'expected NAME=value'))
  .max(runLimits.envMax)
export const userText = z.string().max(256)

export const runSpecSchema: z.ZodType<RunSpec> = z.strictObject({
  image: imageReferenceSchema,
  entrypoint: commandSchema.exactOptional(),
  command: commandSchema.exactOptional(),
  env: envSchema,
  workdir: containerPath.exactOptional(),
  user: userText.exactOptional(),
  hostname: z
    .string()
    .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/)
    .exactOptional(),
  labels: z
    .record(z.string().min(1).max(256), z.string().max(4096))
    .refine((labels) => Object.keys(labels).length <= runLimits.labelsMax, 'too many labels'),
  tty: z.boolean(),
  openStdin: z.boolean(),
  stopGraceSeconds: z.number().int().min(0).max(3600),
  timeoutSeconds: z.number().positive().max(runLimits.timeoutSecondsMax).exactOptional(),
  inputs: z
    .array(z.strictObject({ target: containerPath, blob: blobIdText }))
    .max(runLimits.inputsMax),
  outputs: z.array(containerPath).max(runLimits.outputsMax),
})

const exitFields = {
  exitCode: z.number().int().min(0).max(255),
  finishedAtMs: milliseconds,
  reason: z.string().max(64).exactOptional(),
  message: z.string().max(4096).exactOptional(),
  hint: z.string().max(1024).exactOptional(),
}

const ownReasons: readonly unknown[] = ['lease-ended', 'killed']
const reason = z.custom<NonNullable<RunExit['reason']>>(
  (value) => isErrorCode(value) || ownReasons.includes(value),
)

export const runExitSchema: z.ZodType<RunExit> = z.strictObject({
  ...exitFields,
  reason: reason.exactOptional(),
})

export const hostRunStateSchema: z.ZodType<HostRunState> = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('preparing') }),
  z.strictObject({ status: z.literal('created') }),
  z.strictObject({ status: z.literal('running'), startedAtMs: milliseconds }),
  z.strictObject({
    status: z.literal('exited'),
    startedAtMs: milliseconds.exactOptional(),
    ...exitFields,
    reason: reason.exactOptional(),
  }),
])
