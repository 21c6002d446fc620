import { z } from 'zod'
import {
  addressText,
  amountText,
  bytesCount,
  hash32Text,
  milliseconds,
  rateText,
  runIdText,
  seconds,
  signatureText,
} from '#protocol/codecs'
import {
  commandSchema,
  containerPath,
  envSchema,
  hostRunStateSchema,
  imageReferenceSchema,
  requirementsSchema,
  runSpecSchema,
  userText,
} from '#protocol/manifest'
import { receiptSchema, termsSchema } from '#protocol/terms'
import { defineRoute } from './route.ts'

/**
 * What a tenant asks of a host. Every route but `bid.request` names a lease; the host answers only the peer
 * whose key is the lease's `signer` (or tenant), and 'unauthorized' to anyone else.
 */

const ofLease = { lease: hash32Text }
const ofRun = { lease: hash32Text, run: runIdText }
const nothing = z.strictObject({})
const signalName = z.string().regex(/^(SIG)?[A-Z0-9+-]{1,16}$|^[0-9]{1,2}$/)

/** Asks for signed terms; the host reserves capacity until `bidExpiry`. Errors: 'refused', 'busy', 'price', 'balance', 'wrong-chain'. */
export const bidRequest = defineRoute({
  name: 'bid.request',
  params: z.strictObject({
    chainId: z.number().int().positive(),
    leases: addressText,
    tenant: addressText,
    deployment: hash32Text,
    instance: hash32Text,
    epoch: z.number().int().positive(),
    previous: hash32Text,
    requirements: requirementsSchema,
    /** keccak256(k, observers), zero for none. */
    observers: hash32Text,
    /** How long the tenant expects to need it; 0 = open end. */
    durationSeconds: seconds,
    rateMax: rateText.exactOptional(),
    /** The host may start pulling it on the strength of this signed request. */
    image: imageReferenceSchema.exactOptional(),
  }),
  result: z.strictObject({ terms: termsSchema, signature: signatureText }),
})

/** Progress as control messages {doneBytes, totalBytes}; the body ends when the host holds the image. 'image-not-found' = send it by `image.load`. */
export const imageEnsure = defineRoute({
  name: 'image.ensure',
  params: z.strictObject({ ...ofLease, image: imageReferenceSchema }),
  result: z.strictObject({ present: z.boolean() }),
  responseBody: true,
  timeoutMs: 30_000,
  idleTimeoutMs: 120_000,
})

/** Body: a `docker save` stream that must contain the image of that digest. */
export const imageLoad = defineRoute({
  name: 'image.load',
  params: z.strictObject({ ...ofLease, image: imageReferenceSchema }),
  result: nothing,
  requestBody: true,
  timeoutMs: 3_600_000,
})

/**
 * Creates the container and with `start` starts it; idempotent for the same spec. The image must be there.
 * With `holdOutput` nothing of the output is dropped before a follower has confirmed it (`run.output`): a full
 * spool slows the container down, also for 60 s after a follower was cut off.
 */
export const runCreate = defineRoute({
  name: 'run.create',
  params: z.strictObject({
    ...ofRun,
    spec: runSpecSchema,
    start: z.boolean(),
    holdOutput: z.boolean(),
  }),
  result: z.strictObject({ state: hostRunStateSchema }),
  paramsBytesMax: 1024 * 1024,
  timeoutMs: 60_000,
})

/** Body: a tar that is unpacked at `target` (made if absent) before the start. */
export const runInput = defineRoute({
  name: 'run.input',
  params: z.strictObject({ ...ofRun, target: containerPath }),
  result: nothing,
  requestBody: true,
  timeoutMs: 3_600_000,
})

/** Idempotent: a run that has started says how it stands. */
export const runStart = defineRoute({
  name: 'run.start',
  params: z.strictObject(ofRun),
  result: z.strictObject({ state: hostRunStateSchema }),
  timeoutMs: 60_000,
})

/**
 * The output so far and, with `follow`, as it comes. Body data are output frames (`protocol/output.ts`), whose
 * bytes are numbered from 0: after a cut the reader asks again from the offset it reached. First control
 * message: {offset} of the first byte sent. `tailLines` and `sinceMs` choose the start instead of `offset`.
 *
 * Request body: control messages {confirmed} as often as the reader likes: all before that offset it keeps
 * itself. That, and the `offset` that it asks for, is what lets go of held output; what was only sent may be
 * lost on the way and is kept.
 */
export const runOutput = defineRoute({
  name: 'run.output',
  params: z.strictObject({
    ...ofRun,
    offset: bytesCount,
    follow: z.boolean(),
    tailLines: z.number().int().min(0).max(1_000_000).exactOptional(),
    sinceMs: milliseconds.exactOptional(),
  }),
  result: z.strictObject({ startOffset: bytesCount, endOffset: bytesCount, complete: z.boolean() }),
  requestBody: true,
  responseBody: true,
})

/** One message of the request's body of `run.output`. */
export const runOutputMessage = z.strictObject({ confirmed: bytesCount })

/** Body: standard input from `offset` on; the host skips what it has. Answers when the body has ended: how much it has in all. */
export const runStdin = defineRoute({
  name: 'run.stdin',
  params: z.strictObject({ ...ofRun, offset: bytesCount }),
  result: z.strictObject({ acceptedBytes: bytesCount }),
  requestBody: true,
  timeoutMs: 365 * 24 * 3_600_000,
  idleTimeoutMs: 60_000,
})

/** How much standard input the host has taken, to resume after a cut. */
export const runStdinOffset = defineRoute({
  name: 'run.stdin-offset',
  params: z.strictObject(ofRun),
  result: z.strictObject({ acceptedBytes: bytesCount, closed: z.boolean() }),
})

export const runResize = defineRoute({
  name: 'run.resize',
  params: z.strictObject({
    ...ofRun,
    columns: z.number().int().min(1).max(10_000),
    rows: z.number().int().min(1).max(10_000),
  }),
  result: nothing,
})

export const runKill = defineRoute({
  name: 'run.kill',
  params: z.strictObject({ ...ofRun, signal: signalName }),
  result: nothing,
})

/** SIGTERM, then SIGKILL after the grace; answers when the run has ended. */
export const runStop = defineRoute({
  name: 'run.stop',
  params: z.strictObject({ ...ofRun, graceSeconds: z.number().int().min(0).max(3600) }),
  result: z.strictObject({ state: hostRunStateSchema }),
  timeoutMs: 3_700_000,
})

/** Removes container and output; idempotent; a running one is killed. */
export const runRemove = defineRoute({
  name: 'run.remove',
  params: z.strictObject(ofRun),
  result: nothing,
  timeoutMs: 60_000,
})

export const statsSchema = z.strictObject({
  atMs: milliseconds,
  cpuNs: z.number().nonnegative(),
  memoryBytes: bytesCount,
  memoryMaxBytes: bytesCount,
  pids: z.number().int().nonnegative(),
  receivedBytes: bytesCount,
  sentBytes: bytesCount,
  readBytes: bytesCount,
  writtenBytes: bytesCount,
})

export const runStats = defineRoute({
  name: 'run.stats',
  params: z.strictObject(ofRun),
  result: statsSchema,
})

/**
 * A further process in the running container. Request body: stdin as data, {columns, rows} as control.
 * Response body: output frames as data, at the end {exitCode} as control.
 */
export const runExec = defineRoute({
  name: 'run.exec',
  params: z.strictObject({
    ...ofRun,
    command: commandSchema.min(1),
    env: envSchema,
    workdir: containerPath.exactOptional(),
    user: userText.exactOptional(),
    tty: z.boolean(),
    openStdin: z.boolean(),
  }),
  result: nothing,
  requestBody: true,
  responseBody: true,
  paramsBytesMax: 1024 * 1024,
  timeoutMs: 30_000,
})

/** Body: a tar of `path` as `docker cp` makes it; works on ended runs until they are removed. */
export const runGetArchive = defineRoute({
  name: 'run.get-archive',
  params: z.strictObject({ ...ofRun, path: containerPath }),
  result: nothing,
  responseBody: true,
  timeoutMs: 60_000,
})

/** Body: a tar that is unpacked into the directory `path`, which must exist. */
export const runPutArchive = defineRoute({
  name: 'run.put-archive',
  params: z.strictObject({ ...ofRun, path: containerPath }),
  result: nothing,
  requestBody: true,
  timeoutMs: 3_600_000,
})

/**
 * The tenant's view of a lease, for as long as it lasts: control messages {run, state} for every run now and
 * on every change, {ping: nowMs} at least every 5 s, {ending: reason} when the host means to end the lease.
 */
export const leaseWatch = defineRoute({
  name: 'lease.watch',
  params: z.strictObject(ofLease),
  result: z.strictObject({ nowMs: milliseconds }),
  responseBody: true,
  idleTimeoutMs: 20_000,
})

/** One message of `lease.watch`. */
export const leaseWatchMessage = z.union([
  z.strictObject({ run: runIdText, state: hostRunStateSchema }),
  z.strictObject({ ping: milliseconds }),
  z.strictObject({ ending: z.string().max(1024) }),
])

/** Hands over a signed receipt; the host keeps the newest. */
export const receiptPut = defineRoute({
  name: 'receipt.put',
  params: z.strictObject({ receipt: receiptSchema, signature: signatureText }),
  result: nothing,
})

/** What the host knows of a lease: for `artel leases` and for resuming after a restart. */
export const leaseStatus = defineRoute({
  name: 'lease.status',
  params: z.strictObject(ofLease),
  result: z.strictObject({
    terms: termsSchema,
    status: z.enum(['awaited', 'running', 'ended']),
    acknowledgedUntil: seconds,
    extra: amountText,
    runs: z.array(z.strictObject({ run: runIdText, state: hostRunStateSchema })).max(1024),
  }),
  resultBytesMax: 1024 * 1024,
})

/**
 * Makes a warm container that waits for tasks; idempotent. `shell` says whether tasks go through a runner in
 * the container or each gets a container of its own.
 */
export const workerCreate = defineRoute({
  name: 'worker.create',
  params: z.strictObject({ ...ofRun, spec: runSpecSchema }),
  result: z.strictObject({ shell: z.boolean() }),
  paramsBytesMax: 1024 * 1024,
  timeoutMs: 60_000,
})

/**
 * Runs one task on a worker; a worker runs one at a time ('busy'). Request body: the input file's bytes, when
 * `inputName` is given; it lies read-only at `/in/<inputName>`. Result when the task has ended; response
 * body: a tar of what it left in `/out`. Not idempotent: the tenant's first result wins.
 */
export const taskRun = defineRoute({
  name: 'task.run',
  params: z.strictObject({
    ...ofRun,
    task: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
    command: commandSchema.min(1),
    inputName: z
      .string()
      .max(255)
      .regex(/^[^/\0]+$/)
      .refine((name) => name !== '.' && name !== '..')
      .exactOptional(),
    /** Exact size of the input, so that the host need not hold it in memory; without it at most 32 MiB. */
    inputBytes: bytesCount.exactOptional(),
    timeoutSeconds: z.number().positive().max(86_400),
  }),
  result: z.strictObject({
    exitCode: z.number().int().min(0).max(255),
    reason: z.enum(['out-of-memory', 'timeout', 'out-of-disk']).exactOptional(),
    durationMs: milliseconds,
    /** The last 64 KiB of each. */
    stdout: z.string().max(128 * 1024),
    stderr: z.string().max(128 * 1024),
    hasOutput: z.boolean(),
  }),
  requestBody: true,
  responseBody: true,
  paramsBytesMax: 1024 * 1024,
  resultBytesMax: 1024 * 1024,
  timeoutMs: 86_500_000,
})

/** Answers at once; for round trips and as a sign of life. */
export const nodePing = defineRoute({
  name: 'node.ping',
  params: nothing,
  result: z.strictObject({ nowMs: milliseconds }),
  timeoutMs: 5_000,
})
