import { ArtelError } from '#core/errors'
import type { Serial } from '#core/serial'
import type { Clock } from '#ports/clock'
import type { OutputChunk } from '#ports/engine'
import type { Spool } from '#ports/spools'
import { createOutputDecoder, encodeOutputFrame, outputHeaderBytes } from '#protocol/output'
import { createHold } from './output-hold.ts'
import {
  createSinceFinder,
  createTailFinder,
  type OutputStart,
  type StartFinder,
  startAt,
} from './output-start.ts'

export type OutputQuery = {
  readonly offset: number
  readonly follow: boolean
  readonly tailLines?: number | undefined
  readonly sinceMs?: number | undefined
}

/** Where the bytes that follow begin, or the next bytes. */
export type OutputPart = { readonly offset: number } | { readonly bytes: Uint8Array }

export type OutputReading = {
  readonly startOffset: number
  readonly endOffset: number
  readonly complete: boolean
  readonly parts: AsyncIterable<OutputPart>
}

/** Everything that a run has said: frames in a spool, read from any offset while it goes on. */
export type OutputLog = {
  /** Appends; waits for slow followers, and with `hold` for what they confirm. */
  readonly append: (chunk: OutputChunk, signal: AbortSignal) => Promise<void>
  readonly close: () => Promise<void>
  /** Who reads from `offset` on confirms what is before it. */
  readonly read: (query: OutputQuery, signal: AbortSignal) => Promise<OutputReading>
  /** A follower keeps all before `offset` itself; more than there is counts as all there is. */
  readonly confirm: (offset: number) => void
}

export type OutputLogOptions = {
  readonly bytesMax: number
  /** Drop nothing that no follower has confirmed. */
  readonly hold: boolean
}

const frameBytesMax = 64 * 1024

/** Payloads whose frames are short enough for a spool of `bytesMax` to drop them one by one. */
const pieces = function* (bytes: Uint8Array, bytesMax: number): Generator<Uint8Array> {
  const frameMax = Math.min(frameBytesMax, Math.floor(bytesMax / 8))
  const size = Math.max(1, frameMax - outputHeaderBytes)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export const createOutputLog = (
  components: {
    readonly clock: Clock
    readonly spool: Spool
    /** Shared by all logs: a scan may hold millions of lines in memory. */
    readonly scans: Serial
  },
  options: OutputLogOptions,
): OutputLog => {
  const { clock, scans, spool } = components
  const hold = createHold(clock, options)

  const scan = async (finder: StartFinder, signal: AbortSignal): Promise<OutputStart> => {
    const decoder = createOutputDecoder()
    // Each frame is one append: what is held begins with a whole one.
    let frameEnd: number | undefined
    for await (const chunk of spool.read(spool.start(), false, signal)) {
      frameEnd ??= chunk.offset
      for (const frame of decoder.push(chunk.bytes)) {
        frameEnd += outputHeaderBytes + frame.bytes.length
        finder.push(frame, frameEnd)
      }
    }
    return finder.find(spool.end())
  }

  const startFor = async (query: OutputQuery, signal: AbortSignal): Promise<OutputStart> => {
    if (query.tailLines !== undefined) {
      const finder = createTailFinder(query.tailLines)
      return scans(() => scan(finder, signal))
    }
    if (query.sinceMs !== undefined) return scan(createSinceFinder(query.sinceMs), signal)
    if (query.offset > spool.end()) {
      throw new ArtelError('bad-request', `output has ${spool.end()} bytes, not ${query.offset}`)
    }
    hold.advance(query.offset)
    return startAt(Math.max(query.offset, spool.start()))
  }

  const parts = async function* (
    start: OutputStart,
    follow: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<OutputPart> {
    hold.enter()
    try {
      yield { offset: start.offset }
      if (start.lead.length > 0) yield { bytes: start.lead }
      let at = start.offset + start.lead.length
      for await (const chunk of spool.read(at, follow, signal)) {
        if (chunk.offset > at) yield { offset: chunk.offset }
        yield { bytes: chunk.bytes }
        at = chunk.offset + chunk.bytes.length
      }
    } finally {
      hold.leave()
    }
  }

  return {
    append: async ({ stream, bytes }, signal) => {
      for (const piece of pieces(bytes, options.bytesMax)) {
        const frame = encodeOutputFrame({ stream, atMs: clock.nowMs(), bytes: piece })
        await hold.pass(spool.end() + frame.length, signal)
        await spool.append(frame, signal)
      }
    },
    close: () => spool.close(),
    confirm: (offset) => hold.advance(Math.min(offset, spool.end())),
    read: async (query, signal) => {
      const start = await startFor(query, signal)
      return {
        startOffset: start.offset,
        endOffset: spool.end(),
        complete: spool.closed(),
        parts: parts(start, query.follow, signal),
      }
    },
  }
}
