import { toArtelError } from '#core/errors'
import type { RunSpec } from '#core/manifest'
import { formatBytes } from '#core/resources'
import type { Clock } from '#ports/clock'
import type { Engine } from '#ports/engine'
import type { Intervention } from './run-exit.ts'

/** How often a running container's own layer is measured at most. */
const measureEveryMs = 3_000
/** Measuring may take long where there are many files: it then happens less often. */
const measureShare = 20

export type Watched = {
  readonly container: string
  readonly spec: RunSpec
  /** The lease's disk. */
  readonly diskBytes: number
  readonly startedAtMs: number
  /** Bytes of the lease's disk that others than this container's layer take. */
  readonly otherBytes: () => number
  readonly onMeasured: (layerBytes: number) => void
  readonly intervene: (why: Intervention) => void
}

type DiskWatched = Omit<Watched, 'spec' | 'startedAtMs'>

type Components = { readonly engine: Engine; readonly clock: Clock }

/** The size of the layer, or 0 while the engine does not answer: the next look decides. */
const measure = async (
  engine: Engine,
  watched: DiskWatched,
  signal: AbortSignal,
): Promise<number> => {
  try {
    const bytes = await engine.layerBytes(watched.container, signal)
    watched.onMeasured(bytes)
    return bytes
  } catch (error) {
    signal.throwIfAborted()
    if (toArtelError(error).code === 'unavailable') return 0
    throw error
  }
}

/** Ends a container that writes more than the lease's disk. Returns when it did, or with the signal's reason. */
export const watchDisk = async (
  { engine, clock }: Components,
  watched: DiskWatched,
  signal: AbortSignal,
): Promise<void> => {
  const { diskBytes } = watched
  for (;;) {
    const before = clock.monotonicMs()
    const bytes = await measure(engine, watched, signal)
    if (bytes + watched.otherBytes() > diskBytes) {
      watched.intervene({
        reason: 'out-of-disk',
        message: `wrote more than its ${formatBytes(diskBytes)} of disk`,
      })
      await engine.kill(watched.container, 'SIGKILL', signal)
      return
    }
    const tookMs = clock.monotonicMs() - before
    await clock.sleep(Math.max(measureEveryMs, measureShare * tookMs), signal)
  }
}

/** Ends a container whose time is over. */
export const watchTimeout = async (
  { engine, clock }: Components,
  watched: Watched,
  signal: AbortSignal,
): Promise<void> => {
  const { timeoutSeconds, stopGraceSeconds } = watched.spec
  if (timeoutSeconds === undefined) return
  const leftMs = watched.startedAtMs + timeoutSeconds * 1000 - clock.nowMs()
  await clock.sleep(Math.max(0, leftMs), signal)
  watched.intervene({ reason: 'timeout', message: `ran longer than ${timeoutSeconds} s` })
  await engine.stop(watched.container, stopGraceSeconds, signal)
}
