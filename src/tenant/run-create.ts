import type { Desired } from '#core/deployment'
import { ArtelError } from '#core/errors'
import type { RunId } from '#core/ids'
import { hourlyOf, rate } from '#core/money'
import type { Ranked } from '#core/scheduling/rank'
import { nowSeconds } from '#ports/clock'
import type { Plan, RunCreate } from '#protocol/api/runs'
import { instanceIdOf } from '#protocol/canonical'
import type { RunEntry } from '#protocol/tenant-records'
import type { Commitments } from './commitments.ts'
import type { TenantLimits, TenantParts } from './components.ts'
import type { Images, ResolvedImage } from './images.ts'
import { beginJournal, type NewEvent } from './instance.ts'
import { findKeptLease } from './kept-lease.ts'
import type { LatencyProbe } from './latencies.ts'
import { randomName } from './names.ts'
import { randomDeploymentId, randomRunId } from './random-ids.ts'
import { checkMeans, findHosts } from './run-admission.ts'
import type { RunBook } from './run-book.ts'
import { desiredOf, requirementsOf, runSpecOf, serviceOf } from './run-request.ts'
import { runStore } from './run-store.ts'
import { search } from './search.ts'

export type CreateContext = {
  readonly parts: TenantParts
  readonly limits: Pick<TenantLimits, 'runsMax'>
  readonly commitments: Commitments
  readonly images: Images
  readonly latencies: LatencyProbe
  readonly book: RunBook
}

const largestGpus = ({ listings }: TenantParts): number =>
  listings.all().reduce((most, { resources }) => Math.max(most, resources.gpus), 0)

const wantedOf = ({ parts }: CreateContext, request: RunCreate, image: ResolvedImage): Desired => {
  const requirements = requirementsOf(request, largestGpus(parts))
  const service = serviceOf(request, requirements, {
    run: runSpecOf(request, image),
    instances: 1,
    restart: request.restart,
  })
  const ids = { deployment: randomDeploymentId(parts.random), instance: instanceIdOf('main', 0) }
  const { keepSeconds, attached } = request
  return desiredOf(ids, service, image.arch, { keepSeconds, holdOutput: attached })
}

/** The image of a request; refuses one for another platform than the one asked for. */
const resolveImage = async (
  { images }: CreateContext,
  { image: name, platform, pull }: RunCreate,
  signal: AbortSignal,
): Promise<ResolvedImage> => {
  const image = await images.resolve(name, signal, pull)
  const actual = `linux/${image.arch}`
  if (platform === undefined || platform === actual) return image
  throw new ArtelError(
    'image-platform',
    `image ${name} does not match the specified platform: wanted ${platform}, actual: ${actual}`,
    { hint: `Bring the other one here first: docker pull --platform ${platform} ${name}` },
  )
}

const checkInputs = async ({ blobs }: TenantParts, request: RunCreate): Promise<void> => {
  for (const { target, blob } of request.inputs) {
    if ((await blobs.size(blob)) !== undefined) continue
    throw new ArtelError('not-found', `the input ${target} names an unknown blob ${blob}`, {
      hint: 'Upload it first: POST /v1/blobs.',
    })
  }
}

const nameFor = ({ book, parts }: CreateContext, wished: string | undefined): string => {
  if (wished === undefined) return randomName(parts.random, book.isTaken)
  if (!book.isTaken(wished)) return wished
  throw new ArtelError('conflict', `the name ${wished} is in use`, {
    hint: `Remove the other run (artel rm ${wished}) or choose another name.`,
  })
}

/** Writes the new run down; an open lease that fits is handed over in the same transaction. */
const writeDown = (context: CreateContext, id: RunId, entry: RunEntry, desired: Desired): void => {
  const { parts, book } = context
  const kept = findKeptLease(book, desired)
  const seconds = nowSeconds(parts.clock)
  parts.records.transaction(() => {
    const events: NewEvent[] = [{ kind: 'created', desired }]
    if (kept !== undefined) {
      const { deal } = kept.use
      kept.run.instance.record({ kind: 'handed-over', lease: deal.id, untilSeconds: seconds })
      events.push({ kind: 'adopted', deal, fromSeconds: seconds })
    }
    runStore(parts.records).put(id, entry)
    beginJournal(parts, id, events)
  })
}

/** Checks a request, and when it can be met begins a run for it. Nothing is paid for yet. */
export const createRun = async (
  context: CreateContext,
  request: RunCreate,
  signal: AbortSignal,
): Promise<{ readonly id: RunId; readonly entry: RunEntry }> => {
  const { parts, limits, commitments, book } = context
  if (book.everything().length >= limits.runsMax) {
    throw new ArtelError('busy', `this node keeps ${limits.runsMax} runs already`, {
      hint: 'Remove ended ones: `artel rm`.',
    })
  }
  nameFor(context, request.name)
  await checkInputs(parts, request)
  const image = await resolveImage(context, request, signal)
  const desired = wantedOf(context, request, image)
  if (findKeptLease(book, desired) === undefined) {
    const ranked = await findHosts(parts, desired, image.sizeBytes, signal)
    await checkMeans(parts, commitments, ranked, signal)
  }
  const id = randomRunId(parts.random)
  const entry: RunEntry = {
    name: nameFor(context, request.name),
    imageName: request.image,
    attached: request.attached,
    autoRemove: request.autoRemove,
    removed: false,
    createdAtMs: parts.clock.nowMs(),
  }
  writeDown(context, id, entry, desired)
  return { id, entry }
}

const measureWithinMs = 500
const measuredMax = 16

const candidateView = (ranked: Ranked): Plan['candidates'][number] => {
  const value = rate(BigInt(Math.ceil(ranked.rate)))
  const { latencyMs } = ranked.listing.facts
  return {
    host: ranked.listing.host,
    rate: value,
    perHour: hourlyOf(value),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    bytesToMove: ranked.bytesToMove,
    score: ranked.score,
  }
}

/** What `createRun` would do, and where: nothing is written. */
export const planRun = async (
  context: CreateContext,
  request: RunCreate,
  signal: AbortSignal,
): Promise<Plan> => {
  const { parts, latencies } = context
  const image = await resolveImage(context, request, signal)
  const desired = wantedOf(context, request, image)
  const peers = search(parts, desired, image.sizeBytes).ranked.map(
    ({ listing }) => listing.host.peer,
  )
  await latencies.measure(peers.slice(0, measuredMax), measureWithinMs, signal)
  const { ranked, excluded } = search(parts, desired, image.sizeBytes)
  return {
    image: {
      reference: image.image.reference,
      digest: image.image.digest,
      bytes: image.sizeBytes,
    },
    candidates: ranked.map(candidateView),
    excluded: [...excluded],
  }
}
