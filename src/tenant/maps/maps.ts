import { ArtelError, toArtelError } from '#core/errors'
import type { RunId } from '#core/ids'
import type { MapCreate, MapEvent, MapView, TaskView } from '#protocol/api/runs'
import { hasJournal, openInstance } from '#tenant/instance'
import { createMap } from './map-create.ts'
import { createMapProgress, type MapProgress } from './map-progress.ts'
import { type RunningMap, runMap } from './map-run.ts'
import { dropRemoved, endSlot } from './map-slot.ts'
import { mapStore } from './map-store.ts'
import type { MapsComponents } from './maps-components.ts'

type Book = Map<RunId, RunningMap>

const mapOf = (book: Book, id: RunId): RunningMap => {
  const map = book.get(id)
  if (map === undefined) throw new ArtelError('not-found', `no map ${id}`)
  return map
}

async function* outputOf(
  { parts }: MapsComponents,
  map: RunningMap,
  index: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const blob = map.progress.task(index)?.output
  if (blob === undefined) {
    throw new ArtelError('not-found', `task ${index} of map ${map.progress.id} has no output`)
  }
  yield* parts.blobs.get(blob, 0, signal)
}

/** Blobs that a map names: its inputs and outputs. */
const blobsOf = ({ progress, inputs }: RunningMap): readonly string[] => [
  ...inputs,
  ...progress.tasks().flatMap(({ output }) => (output === undefined ? [] : [output])),
]

const removeMap = async (
  { parts, blobUse }: MapsComponents,
  book: Book,
  map: RunningMap,
): Promise<void> => {
  const { progress } = map
  if (!progress.isOver()) {
    throw new ArtelError('conflict', `map ${progress.id} has not ended`, {
      hint: 'Cancel it first.',
    })
  }
  const blobs = blobsOf(map)
  book.delete(progress.id)
  progress.markRemoved()
  dropRemoved(parts.records, progress)
  await blobUse.removeUnused(blobs)
}

/** Maps: one command over many inputs on several hosts at once. */
export const createMaps = (components: MapsComponents, book: Book = new Map()) => {
  components.blobUse.add(() => [...book.values()].flatMap(blobsOf))
  return {
    create: async (request: MapCreate, signal: AbortSignal): Promise<MapView> => {
      const made = await createMap(components, request, signal)
      const map = runMap(components, request, made)
      book.set(made.id, map)
      return map.progress.view()
    },
    get: (id: RunId): MapView => mapOf(book, id).progress.view(),
    list: (): readonly MapView[] =>
      [...book.values()]
        .map(({ progress }) => progress.view())
        .toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1)),
    tasks: (id: RunId): readonly TaskView[] => mapOf(book, id).progress.tasks(),
    events: (id: RunId, signal: AbortSignal): AsyncIterable<MapEvent> =>
      mapOf(book, id).progress.listen(signal),
    output: (id: RunId, index: number, signal: AbortSignal): AsyncIterable<Uint8Array> =>
      outputOf(components, mapOf(book, id), index, signal),
    cancel: async (id: RunId, _signal: AbortSignal): Promise<MapView> => {
      const map = mapOf(book, id)
      map.progress.setStatus('cancelled')
      map.stop()
      return map.progress.view()
    },
    remove: (id: RunId): Promise<void> => removeMap(components, book, mapOf(book, id)),
    /** Marks maps that an earlier life left unfinished as failed, and closes what leases they have. */
    resume: (): void => {
      const { parts } = components
      const store = mapStore(parts.records)
      for (const { id, entry } of store.all()) {
        const progress = createMapProgress({ ...parts, store }, id, entry, store.tasks(id))
        progress.setStatus('failed', 'the node was stopped while the map ran')
        if (!entry.removed) book.set(id, { progress, inputs: [], stop: () => undefined })
        for (const slot of entry.slots) closeSlot(components, progress, slot)
        dropRemoved(parts.records, progress)
      }
    },
  }
}

const closeSlot = (
  { parts, supervision }: MapsComponents,
  progress: MapProgress,
  id: RunId,
): void => {
  if (!hasJournal(parts.records, id)) return
  try {
    const instance = openInstance(parts, id)
    const { exit, stop } = instance.state()
    if (exit === undefined && stop === undefined) {
      instance.record({ kind: 'stop-requested', graceSeconds: 0, reason: 'user' })
    }
    const context = supervision.contextOf(instance, { attached: false })
    supervision.begin(context, { candidates: () => [] }, async () => {
      endSlot(parts.records, progress, instance)
    })
  } catch (caught) {
    parts.log.error('a lease of a map cannot be resumed', {
      slot: id,
      reason: toArtelError(caught).message,
    })
  }
}
