import type { RunId } from '#core/ids'
import type { Spools } from '#ports/spools'
import { createOutputDecoder, type OutputFrame } from '#protocol/output'

/** What a run has said so far, kept here so that readers come and go as they like. */
export type RunOutput = {
  /** Bytes ever written. */
  readonly end: () => number
  /** Appends the bytes of whole frames; waits for readers that are behind when the bound is reached. */
  readonly append: (frames: Uint8Array, signal: AbortSignal) => Promise<void>
  /** Nothing more will come. Idempotent. */
  readonly close: () => Promise<void>
  /** Frames from the oldest that is held; with `follow` until the output is closed. */
  readonly frames: (follow: boolean, signal: AbortSignal) => AsyncIterable<OutputFrame>
  /** Resolves when somebody has begun to read. */
  readonly firstReader: Promise<void>
}

type Components = { readonly spools: Spools }

export const outputSpoolName = (run: RunId): string => `run-${run}`

export const openRunOutput = async (
  { spools }: Components,
  run: RunId,
  bytesMax: number,
): Promise<RunOutput> => {
  const spool = await spools.open(outputSpoolName(run), bytesMax)
  const { promise: firstReader, resolve } = Promise.withResolvers<void>()
  // Appends are whole frames, so what is held begins with a whole one, also where older bytes gave way.
  async function* frames(follow: boolean, signal: AbortSignal): AsyncGenerator<OutputFrame> {
    const chunks = spool.read(0, follow, signal)
    resolve()
    const decoder = createOutputDecoder()
    for await (const { bytes } of chunks) yield* decoder.push(bytes)
  }
  return {
    end: () => spool.end(),
    append: (bytes, signal) => spool.append(bytes, signal),
    close: () => spool.close(),
    frames,
    firstReader,
  }
}

/** Forgets all that a run said. Idempotent. */
export const removeRunOutput = ({ spools }: Components, run: RunId): Promise<void> =>
  spools.remove(outputSpoolName(run))
