import { ArtelError, toArtelError } from '#core/errors'
import type { ImageReference } from '#core/manifest'
import type { Clock } from '#ports/clock'
import type { Engine, EngineImage } from '#ports/engine'
import type { Log } from '#ports/log'
import type { Records } from '#ports/records'
import { hostImageSchema, hostTables } from '#protocol/host-records'
import { limitBytes } from './archives.ts'
import type { Background } from './background.ts'
import { isImage, isPublicRegistry, pullReference } from './image-name.ts'
import { createNotice } from './notice.ts'
import { createTable } from './table.ts'
import { untagImages } from './untag-images.ts'

export type PullProgress = { readonly doneBytes: number; readonly totalBytes: number }

/** The images that this host holds, brings here and lets go. */
export type Images = {
  readonly find: (image: ImageReference, signal: AbortSignal) => Promise<EngineImage | undefined>
  /**
   * Has the image pulled, once however many ask, and tells the progress. Ends when it is here. Throws
   * 'image-not-found' where no registry has it: then its tenant sends it.
   */
  readonly pull: (image: ImageReference, signal: AbortSignal) => AsyncIterable<PullProgress>
  /** Begins to pull without anybody waiting. */
  readonly warm: (image: ImageReference) => void
  /** Loads a `docker save` stream. Throws 'corrupt' and keeps nothing when the image is not in it. */
  readonly load: (
    image: ImageReference,
    tar: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ) => Promise<void>
  /** Removes what was brought here and not used lately, beyond the bound on disk. */
  readonly prune: (signal: AbortSignal) => Promise<void>
  /** Removes all that was brought here, but for what is in use. */
  readonly removeAll: (signal: AbortSignal) => Promise<void>
}

export type ImagesComponents = {
  readonly engine: Engine
  readonly clock: Clock
  readonly log: Log
  readonly records: Records
  readonly background: Background
}

export type ImagesOptions = {
  /** The largest image stream that a tenant may send. */
  readonly imageBytesMax: number
  /** What images that were brought here may take together. */
  readonly cacheBytesMax: number
  readonly pullTimeoutMs: number
}

/** Pulls at the same time; more tenants wait their turn. */
const pullsMax = 2
/** Images whose pulls run or wait. */
const awaitedMax = 64

const isPullable = ({ source, reference }: ImageReference): boolean =>
  source === 'registry' && isPublicRegistry(reference)

type Pull = { progress: PullProgress; done: boolean; error: ArtelError | undefined }

export const createImages = (components: ImagesComponents, options: ImagesOptions): Images => {
  const { engine, clock, records } = components
  const table = createTable(records, hostTables.images, hostImageSchema)
  const remember = (held: EngineImage): void => {
    const row = { sizeBytes: held.sizeBytes, usedAtMs: clock.nowMs() }
    records.transaction(() => table.put(held.id, row))
  }
  const find = async (image: ImageReference, signal: AbortSignal) => {
    const names =
      image.source === 'registry' ? [pullReference(image), image.digest] : [image.digest]
    for (const name of names) {
      const held = await engine.image(name, signal)
      if (held === undefined || !isImage(held, image.digest)) continue
      if (table.get(held.id) !== undefined) remember(held)
      return held
    }
    return undefined
  }

  const shrink = async (bytesMax: number, signal: AbortSignal): Promise<void> => {
    const rows = table.all().toSorted((a, b) => b.row.usedAtMs - a.row.usedAtMs)
    let bytes = 0
    for (const { key, row } of rows) {
      bytes += row.sizeBytes
      if (bytes <= bytesMax) continue
      // What is in use is remembered for the next time.
      if (!(await removeUnused(components, key, signal))) continue
      records.transaction(() => table.delete(key))
    }
  }

  /** Brings an image that is not here; what was here before is its owner's and is not remembered. */
  const bring = async (
    image: ImageReference,
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    if ((await find(image, signal)) !== undefined) return
    const before = new Set((await engine.images(signal)).map(({ id }) => id))
    await engine.pull(pullReference(image), onProgress, signal)
    const held = await find(image, signal)
    if (held === undefined || before.has(held.id)) return
    remember(held)
    // Its room is taken from others that nobody uses, not from the rest of the disk.
    await shrink(Math.max(options.cacheBytesMax, held.sizeBytes), signal)
  }
  const pulls = createPulls(components, options, bring)

  return {
    find,
    warm: (image) => {
      if (isPullable(image) && pulls.hasRoom()) pulls.begin(image)
    },
    pull: async function* (image, signal) {
      if (!isPullable(image)) {
        throw new ArtelError('image-not-found', `only the tenant has ${image.reference}`)
      }
      yield* pulls.follow(image, signal)
      const held = await find(image, signal)
      if (held === undefined) {
        throw new ArtelError(
          'image-not-found',
          `the registry sent another image than ${image.digest}`,
        )
      }
    },
    load: async (image, tar, signal) => {
      const before = new Set((await engine.images(signal)).map(({ id }) => id))
      const limited = limitBytes(tar, options.imageBytesMax, 'the image')
      const loaded = await engine.load(untagImages(limited), signal)
      const held = await find(image, signal)
      if (held !== undefined && !before.has(held.id)) remember(held)
      for (const id of loaded) {
        if (!before.has(id) && id !== held?.id) await engine.removeImage(id, signal)
      }
      if (held !== undefined) await shrink(Math.max(options.cacheBytesMax, held.sizeBytes), signal)
      if (held === undefined) {
        throw new ArtelError('corrupt', `the stream holds no image ${image.digest}`)
      }
    },
    prune: (signal) => shrink(options.cacheBytesMax, signal),
    removeAll: (signal) => shrink(0, signal),
  }
}

/** Whether the image is gone now. */
const removeUnused = async (
  { engine, log }: ImagesComponents,
  id: string,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    await engine.removeImage(id, signal)
    return true
  } catch (error) {
    signal.throwIfAborted()
    const { code, message } = toArtelError(error)
    log.debug('an image stays', { id, code, message })
    return false
  }
}

/** Pulls that go on whoever follows them, each image once at a time. */
const createPulls = (
  { clock, background }: ImagesComponents,
  options: ImagesOptions,
  bring: (
    image: ImageReference,
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ) => Promise<void>,
) => {
  const running = new Map<string, Pull>()
  const notice = createNotice()
  let active = 0

  const work = async (image: ImageReference, pull: Pull, signal: AbortSignal): Promise<void> => {
    while (active >= pullsMax) await notice.changed(notice.version(), signal)
    active += 1
    try {
      const within = (inner: AbortSignal): Promise<void> => {
        const tooLarge = new AbortController()
        const onProgress = (progress: PullProgress): void => {
          pull.progress = progress
          notice.notify()
          if (progress.totalBytes <= options.imageBytesMax) return
          const what = `${image.reference} exceeds ${options.imageBytesMax} bytes`
          tooLarge.abort(new ArtelError('too-large', what))
        }
        return bring(image, onProgress, AbortSignal.any([inner, tooLarge.signal]))
      }
      await clock.within(options.pullTimeoutMs, signal, `pull ${image.reference}`, within)
    } catch (error) {
      pull.error = toArtelError(error)
    } finally {
      active -= 1
      pull.done = true
      running.delete(image.digest)
      notice.notify()
    }
  }
  const hasRoom = (): boolean => running.size < awaitedMax
  const begin = (image: ImageReference): Pull => {
    const present = running.get(image.digest)
    if (present !== undefined) return present
    if (!hasRoom()) throw new ArtelError('busy', 'too many images are awaited here')
    const pull: Pull = { progress: { doneBytes: 0, totalBytes: 0 }, done: false, error: undefined }
    running.set(image.digest, pull)
    background.spawn('pulling an image', (signal) => work(image, pull, signal))
    return pull
  }
  return {
    begin,
    hasRoom,
    follow: async function* (image: ImageReference, signal: AbortSignal) {
      const pull = begin(image)
      let told: PullProgress | undefined
      for (;;) {
        const seen = notice.version()
        if (pull.progress !== told) {
          told = pull.progress
          yield told
        }
        if (pull.error !== undefined) throw pull.error
        if (pull.done) return
        await notice.changed(seen, signal)
      }
    },
  }
}
