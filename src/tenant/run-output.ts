import type { RunId } from '#core/ids'
import type { Records } from '#ports/records'
import type { Spool, Spools } from '#ports/spools'
import { createOutputDecoder, encodeOutputFrame, type OutputFrame } from '#protocol/output'
import { openOutputMarks } from './output-marks.ts'

/** What a run has said so far, kept here so that readers come and go as they like. */
export type RunOutput = {
  /** Bytes ever written. */
  readonly end: () => number
  /** Appends whole frames; waits for readers that are behind when the bound is reached. */
  readonly append: (frames: readonly OutputFrame[], signal: AbortSignal) => Promise<void>
  /** Nothing more will come. Idempotent. */
  readonly close: () => Promise<void>
  /** Frames from the oldest that is held; with `follow` until the output is closed. */
  readonly frames: (follow: boolean, signal: AbortSignal) => AsyncIterable<OutputFrame>
  /** Resolves when somebody has begun to read. */
  readonly firstReader: Promise<void>
}

type Components = { readonly spools: Spools; readonly records: Records }

export const outputSpoolName = (run: RunId): string => `run-${run}`

const appender =
  (spool: Spool, note: (offset: number) => void) =>
  async (frames: readonly OutputFrame[], signal: AbortSignal): Promise<void> => {
    for (const frame of frames) {
      note(spool.end())
      await spool.append(encodeOutputFrame(frame), signal)
    }
  }

export const openRunOutput = async (
  { spools, records }: Components,
  run: RunId,
  bytesMax: number,
): Promise<RunOutput> => {
  const spool = await spools.open(outputSpoolName(run), bytesMax)
  const marks = openOutputMarks(records, run)
  const { promise: firstReader, resolve } = Promise.withResolvers<void>()
  async function* frames(follow: boolean, signal: AbortSignal): AsyncGenerator<OutputFrame> {
    const from = marks.alignedFrom(spool.start(), spool.end())
    const chunks = spool.read(from, follow, signal)
    resolve()
    let decoder = createOutputDecoder()
    let next = from
    let skipTo = from
    for await (const { offset, bytes } of chunks) {
      if (offset !== next) {
        // Older bytes gave way before they were read: what follows may begin inside a frame.
        decoder = createOutputDecoder()
        skipTo = marks.alignedFrom(offset, spool.end())
      }
      next = offset + bytes.length
      if (next <= skipTo) continue
      yield* decoder.push(skipTo > offset ? bytes.subarray(skipTo - offset) : bytes)
    }
  }
  return {
    end: () => spool.end(),
    append: appender(spool, marks.note),
    close: () => spool.close(),
    frames,
    firstReader,
  }
}

/** Forgets all that a run said. Idempotent. */
export const removeRunOutput = async (
  { spools, records }: Components,
  run: RunId,
): Promise<void> => {
  openOutputMarks(records, run).forget()
  await spools.remove(outputSpoolName(run))
}
