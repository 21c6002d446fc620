import type { Desired } from '#core/deployment'
import { ArtelError } from '#core/errors'
import type { RunId } from '#core/ids'
import type { RunSpec } from '#core/manifest'
import type { MapCreate } from '#protocol/api/runs'
import { instanceIdOf } from '#protocol/canonical'
import type { MapEntry, TaskEntry } from '#protocol/tenant-records'
import type { ResolvedImage } from '#tenant/images'
import { beginJournal } from '#tenant/instance'
import { randomDeploymentId, randomRunId } from '#tenant/random-ids'
import { checkMeans, findHosts } from '#tenant/run-admission'
import { desiredOf, requirementsOf, serviceOf } from '#tenant/run-request'
import { mapStore, stretchTasks } from './map-store.ts'
import type { MapsComponents } from './maps-components.ts'

export type NewMap = {
  readonly id: RunId
  readonly entry: MapEntry
  readonly tasks: TaskEntry[]
  readonly spec: RunSpec
  readonly slots: readonly { readonly id: RunId; readonly desired: Desired }[]
}

const specOf = (request: MapCreate, { image }: ResolvedImage): RunSpec => ({
  image,
  env: request.env,
  labels: {},
  tty: false,
  openStdin: false,
  stopGraceSeconds: 1,
  inputs: [],
  outputs: [],
  ...(request.workdir === undefined ? {} : { workdir: request.workdir }),
  ...(request.user === undefined ? {} : { user: request.user }),
})

const checkBlobs = async ({ parts }: MapsComponents, request: MapCreate): Promise<void> => {
  for (const { name, blob } of request.tasks) {
    if (blob === undefined || (await parts.blobs.size(blob)) !== undefined) continue
    throw new ArtelError('not-found', `the input of task ${name} is an unknown blob ${blob}`, {
      hint: 'Upload it first: POST /v1/blobs.',
    })
  }
}

/**
 * Checks a map and writes it down with the slots of its pool: one for every worker, since a lease runs one
 * container at a time. Nothing is paid for yet.
 */
export const createMap = async (
  components: MapsComponents,
  request: MapCreate,
  signal: AbortSignal,
): Promise<NewMap> => {
  const { parts, images, commitments } = components
  await checkBlobs(components, request)
  const image = await images.resolve(request.image, signal)
  const largest = parts.listings.all().reduce((most, one) => Math.max(most, one.resources.gpus), 0)
  const requirements = requirementsOf(request, largest)
  const leases = Math.min(request.hosts * request.workersPerHost, request.tasks.length)
  const service = serviceOf(request, requirements, {
    instances: leases,
    restart: 'on-failure-of-host',
  })
  const ranked = await findHosts(parts, { service, arch: image.arch }, image.sizeBytes, signal)
  await checkMeans(parts, commitments, ranked, signal)
  const deployment = randomDeploymentId(parts.random)
  const slots = Array.from({ length: leases }, (_, index) => ({
    id: randomRunId(parts.random),
    desired: desiredOf({ deployment, instance: instanceIdOf('pool', index) }, service, image.arch, {
      keepSeconds: 0,
      holdOutput: false,
    }),
  }))
  const entry: MapEntry = {
    image: request.image,
    createdAtMs: parts.clock.nowMs(),
    status: 'placing',
    total: request.tasks.length,
    retried: 0,
    slots: slots.map(({ id }) => id),
    hosts: [],
  }
  const tasks = request.tasks.map(({ name }): TaskEntry => ({ name, status: 'waiting', tries: 0 }))
  const id = randomRunId(parts.random)
  const store = mapStore(parts.records)
  parts.records.transaction(() => {
    store.put(id, entry)
    store.putStretches(id, tasks, Array(Math.ceil(tasks.length / stretchTasks)).keys())
    for (const slot of slots) {
      beginJournal(parts, slot.id, [{ kind: 'created', desired: slot.desired }])
    }
  })
  return { id, entry, tasks, spec: specOf(request, image), slots }
}
