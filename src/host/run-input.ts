import { ArtelError } from '#core/errors'
import type { EngineSession } from '#ports/engine'
import { abortable } from './abortable.ts'

/** What the host remembers of a run's standard input across restarts. */
export type InputProgress = { readonly bytes: number; readonly closed: boolean }

/** Standard input of one run: numbered bytes, each taken once, however often the tenant's connection is cut. */
export type RunInput = {
  readonly progress: () => InputProgress
  /** The process can now be written to. */
  readonly connect: (session: EngineSession) => void
  /**
   * Takes `source`, whose first byte is number `offset`; skips what it has. When `source` ends, so does the
   * input. A newer call cancels an older one. Throws 'bad-request' on a gap.
   */
  readonly take: (
    offset: number,
    source: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ) => Promise<InputProgress>
}

export type RunInputOptions = {
  readonly initial: InputProgress
  readonly onProgress: (progress: InputProgress) => void
  /** Resolves when the process runs; rejects when it never will. */
  readonly untilRunning: (signal: AbortSignal) => Promise<void>
}

export const createRunInput = (options: RunInputOptions): RunInput => {
  let progress = options.initial
  let session: EngineSession | undefined
  let current: AbortController | undefined
  const advance = (next: InputProgress): void => {
    progress = next
    options.onProgress(next)
  }
  const expectSession = (): EngineSession => {
    if (session === undefined) throw new ArtelError('conflict', 'the run has no standard input')
    return session
  }
  const accept = async (at: number, bytes: Uint8Array, signal: AbortSignal): Promise<void> => {
    if (at > progress.bytes) {
      throw new ArtelError('bad-request', `input from ${at} on, but only ${progress.bytes} came`)
    }
    const fresh = bytes.subarray(progress.bytes - at)
    if (fresh.length === 0 || progress.closed) return
    // Counted before the write: after a crash in between, bytes are missing rather than doubled.
    advance({ ...progress, bytes: progress.bytes + fresh.length })
    await expectSession().write(fresh, signal)
  }
  return {
    progress: () => progress,
    connect: (connected) => {
      session = connected
    },
    take: async (offset, source, signal) => {
      current?.abort(new ArtelError('cancelled', 'another connection took over standard input'))
      const own = new AbortController()
      current = own
      const either = AbortSignal.any([signal, own.signal])
      await options.untilRunning(either)
      let at = offset
      for await (const bytes of abortable(source, either)) {
        await accept(at, bytes, either)
        at += bytes.length
      }
      either.throwIfAborted()
      if (!progress.closed) {
        await expectSession().endInput()
        advance({ ...progress, closed: true })
      }
      return progress
    },
  }
}
