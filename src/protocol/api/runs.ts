import { z } from 'zod'
import {
  amountText,
  bytesCount,
  hash32Text,
  milliseconds,
  rateText,
  resourcesSchema,
  runIdText,
} from '#protocol/codecs'
import {
  blobIdText,
  commandSchema,
  containerPath,
  envSchema,
  runExitSchema,
  runLimits,
  userText,
} from '#protocol/manifest'
import { hostNameSchema, nameText } from './common.ts'

/** What the tenant wishes of the market. */
export const wishesSchema = z.strictObject({
  /** 1e-9 token base units per second. */
  rateMax: rateText.exactOptional(),
  regions: z.array(z.string().min(1).max(64)).max(64).default([]),
  hosts: z.array(z.string().min(1).max(128)).max(64).default([]),
})

/** What runs alone and tasks of a map have in common. */
const workload = {
  image: z.string().min(1).max(512),
  entrypoint: commandSchema.exactOptional(),
  env: envSchema.default([]),
  workdir: containerPath.exactOptional(),
  user: userText.exactOptional(),
  resources: z
    .strictObject({
      cpuMilli: z.number().int().min(1).max(4_096_000).exactOptional(),
      memoryBytes: bytesCount.min(4 * 1024 * 1024).exactOptional(),
      diskBytes: bytesCount.exactOptional(),
      gpus: z.union([z.number().int().min(0).max(64), z.literal('all')]).exactOptional(),
    })
    .default({}),
  isolation: z.enum(['container', 'gvisor']).default('container'),
  network: z.enum(['egress', 'none']).default('egress'),
  wishes: wishesSchema.default({ regions: [], hosts: [] }),
}

/** POST /v1/runs, and POST /v1/runs/plan for what it would do. */
export const runCreateSchema = z.strictObject({
  ...workload,
  name: nameText.exactOptional(),
  command: commandSchema.exactOptional(),
  hostname: z
    .string()
    .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/)
    .exactOptional(),
  /** Refuses an image for another platform. */
  platform: z.enum(['linux/amd64', 'linux/arm64']).exactOptional(),
  /** When the node asks the registry which image the name means. */
  pull: z.enum(['always', 'missing', 'never']).default('missing'),
  labels: z.record(z.string().min(1).max(256), z.string().max(4096)).default({}),
  tty: z.boolean().default(false),
  openStdin: z.boolean().default(false),
  /** True when a client will attach at once: the output waits for it. */
  attached: z.boolean().default(false),
  autoRemove: z.boolean().default(false),
  inputs: z
    .array(z.strictObject({ target: containerPath, blob: blobIdText }))
    .max(runLimits.inputsMax)
    .default([]),
  outputs: z.array(containerPath).max(runLimits.outputsMax).default([]),
  stopGraceSeconds: z.number().int().min(0).max(3600).default(10),
  timeoutSeconds: z.number().positive().max(runLimits.timeoutSecondsMax).exactOptional(),
  restart: z.enum(['no', 'on-failure-of-host']).default('on-failure-of-host'),
  /** Keeps the lease open so long after the run has ended, for the next run that fits it. */
  keepSeconds: z.number().int().min(0).max(86_400).default(0),
})

export const runStatuses = ['placing', 'preparing', 'running', 'exited'] as const

export const runViewSchema = z.strictObject({
  id: runIdText,
  name: nameText,
  image: z.string(),
  command: z.array(z.string()),
  labels: z.record(z.string(), z.string()),
  tty: z.boolean(),
  openStdin: z.boolean(),
  resources: resourcesSchema,
  status: z.enum(runStatuses),
  /** What it waits for while placing or preparing. */
  detail: z.string().exactOptional(),
  createdAtMs: milliseconds,
  startedAtMs: milliseconds.exactOptional(),
  exit: runExitSchema.exactOptional(),
  /** How many hosts it was placed on; the epoch of its lease. */
  epoch: z.number().int().nonnegative(),
  host: hostNameSchema.exactOptional(),
  lease: hash32Text.exactOptional(),
  rate: rateText.exactOptional(),
  /** Token base units for all its leases so far, by the chain once settled, else by the clock. */
  cost: amountText,
  outputs: z.array(
    z.strictObject({ path: z.string(), blob: blobIdText.exactOptional(), bytes: bytesCount }),
  ),
})

/** What happened to a run, oldest first: for `inspect` and for the notices on stderr. */
export const runEventSchema = z.strictObject({
  atMs: milliseconds,
  kind: z.string().max(64),
  message: z.string().max(4096),
})

export const runInspectSchema = z.strictObject({
  run: runViewSchema,
  spec: z.unknown(),
  events: z.array(runEventSchema),
})

export const planSchema = z.strictObject({
  image: z.strictObject({ reference: z.string(), digest: z.string(), bytes: bytesCount }),
  candidates: z.array(
    z.strictObject({
      host: hostNameSchema,
      rate: rateText,
      perHour: amountText,
      latencyMs: z.number().nonnegative().exactOptional(),
      bytesToMove: bytesCount,
      score: z.number(),
    }),
  ),
  /** Why offers were left out, each counted under the first constraint that it fails. */
  excluded: z.array(z.strictObject({ constraint: z.string(), count: z.number().int() })),
})

export const execCreateSchema = z.strictObject({
  command: commandSchema.min(1),
  env: envSchema.default([]),
  workdir: containerPath.exactOptional(),
  user: userText.exactOptional(),
  tty: z.boolean().default(false),
  openStdin: z.boolean().default(false),
})

export const logsQuerySchema = z.strictObject({
  follow: z.boolean().default(false),
  tailLines: z.number().int().min(0).max(1_000_000).exactOptional(),
  sinceMs: milliseconds.exactOptional(),
})

export type RunCreateInput = z.input<typeof runCreateSchema>
export type RunCreate = z.output<typeof runCreateSchema>
export type RunView = z.output<typeof runViewSchema>
export type RunEvent = z.output<typeof runEventSchema>
export type RunInspect = z.output<typeof runInspectSchema>
export type Plan = z.output<typeof planSchema>
export type ExecCreateInput = z.input<typeof execCreateSchema>
export type ExecCreate = z.output<typeof execCreateSchema>
export type LogsQuery = z.output<typeof logsQuerySchema>
export type WorkloadWishes = z.output<typeof wishesSchema>

/** POST /v1/maps: one command over many inputs on several hosts at once. */
export const mapCreateSchema = z.strictObject({
  ...workload,
  /** `{}` stands for the path of the task's input in the container. */
  command: commandSchema.min(1),
  hosts: z.number().int().min(1).max(1000).default(1),
  /** Warm containers per host. */
  workersPerHost: z.number().int().min(1).max(64).default(1),
  tasks: z
    .array(z.strictObject({ name: z.string().min(1).max(255), blob: blobIdText.exactOptional() }))
    .min(1)
    .max(100_000),
  taskTimeoutSeconds: z.number().positive().max(86_400).default(3600),
  triesMax: z.number().int().min(1).max(20).default(3),
})

export const taskViewSchema = z.strictObject({
  index: z.number().int(),
  name: z.string(),
  status: z.enum(['waiting', 'running', 'done', 'failed']),
  tries: z.number().int(),
  host: hostNameSchema.exactOptional(),
  exitCode: z.number().int().exactOptional(),
  durationMs: milliseconds.exactOptional(),
  message: z.string().exactOptional(),
  /** The task left something in /out. */
  output: blobIdText.exactOptional(),
})

export const mapViewSchema = z.strictObject({
  id: runIdText,
  status: z.enum(['placing', 'running', 'done', 'failed', 'cancelled']),
  image: z.string(),
  createdAtMs: milliseconds,
  finishedAtMs: milliseconds.exactOptional(),
  total: z.number().int(),
  done: z.number().int(),
  failed: z.number().int(),
  retried: z.number().int(),
  message: z.string().exactOptional(),
  hosts: z.array(
    z.strictObject({
      host: hostNameSchema,
      lease: hash32Text,
      tasks: z.number().int(),
      busyMs: milliseconds,
      rate: rateText,
      /** Token base units: what the lease cost so far. */
      cost: amountText,
    }),
  ),
})

/** GET /v1/maps/{id}/events: NDJSON, one of these per line; the last is a map that is no longer running. */
export const mapEventSchema = z.union([
  z.strictObject({ map: mapViewSchema }),
  z.strictObject({ task: taskViewSchema }),
  z.strictObject({ notice: z.string() }),
])

export type MapCreateInput = z.input<typeof mapCreateSchema>
export type MapCreate = z.output<typeof mapCreateSchema>
export type MapView = z.output<typeof mapViewSchema>
export type TaskView = z.output<typeof taskViewSchema>
export type MapEvent = z.output<typeof mapEventSchema>
