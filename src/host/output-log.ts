import { ArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import type { OutputChunk } from '#ports/engine'
import type { Spool } from '#ports/spools'
import { createOutputDecoder, encodeOutputFrame, outputHeaderBytes } from '#protocol/output'
import { createHold } from './output-hold.ts'
import { createMarks } from './output-marks.ts'
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
  /** Appends; waits for slow followers, and with `hold` for the first one. */
  readonly append: (chunk: OutputChunk, signal: AbortSignal) => Promise<void>
  readonly close: () => Promise<void>
  readonly read: (query: OutputQuery, signal: AbortSignal) => Promise<OutputReading>
}

export type OutputLogOptions = {
  readonly bytesMax: number
  /** Drop nothing that no follower has read. */
  readonly hold: boolean
  readonly marks: readonly number[]
  readonly onMarks: (marks: readonly number[]) => void
}

const pieceBytesMax = 64 * 1024
/** Marks are put on disk no more often than this. */
const saveEveryBytes = 1024 * 1024

const pieces = function* (bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytesMax) {
    yield bytes.subarray(at, at + pieceBytesMax)
  }
}

/** Chunks from `offset` on; where older bytes gave way meanwhile, from where the next known frame begins. */
const alignedChunks = async function* (
  spool: Spool,
  aligned: (from: number) => number,
  from: { readonly offset: number; readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<{ readonly offset: number; readonly bytes: Uint8Array }> {
  let at = from.offset
  for await (const chunk of spool.read(at, from.follow, signal)) {
    const end = chunk.offset + chunk.bytes.length
    if (chunk.offset > at) at = aligned(chunk.offset)
    if (at >= end) continue
    yield { offset: at, bytes: chunk.bytes.subarray(at - chunk.offset) }
    at = end
  }
}

export const createOutputLog = (
  components: { readonly clock: Clock; readonly spool: Spool },
  options: OutputLogOptions,
): OutputLog => {
  const { clock, spool } = components
  const marks = createMarks(options.marks)
  const hold = createHold(clock, options)
  let savedTo = options.marks.at(-1) ?? 0
  const aligned = (from: number): number => marks.alignedFrom(from) ?? spool.end()
  const chunks = (offset: number, follow: boolean, signal: AbortSignal) =>
    alignedChunks(spool, aligned, { offset, follow }, signal)

  const scan = async (finder: StartFinder, signal: AbortSignal): Promise<OutputStart> => {
    let decoder = createOutputDecoder()
    let frameEnd = aligned(spool.start())
    let at = frameEnd
    for await (const chunk of chunks(at, false, signal)) {
      if (chunk.offset > at) {
        decoder = createOutputDecoder()
        frameEnd = chunk.offset
      }
      at = chunk.offset + chunk.bytes.length
      for (const frame of decoder.push(chunk.bytes)) {
        frameEnd += outputHeaderBytes + frame.bytes.length
        finder.push(frame, frameEnd)
      }
    }
    return finder.find(spool.end())
  }

  const startFor = async (query: OutputQuery, signal: AbortSignal): Promise<OutputStart> => {
    if (query.tailLines !== undefined) return scan(createTailFinder(query.tailLines), signal)
    if (query.sinceMs !== undefined) return scan(createSinceFinder(query.sinceMs), signal)
    if (query.offset > spool.end()) {
      throw new ArtelError('bad-request', `output has ${spool.end()} bytes, not ${query.offset}`)
    }
    return startAt(query.offset < spool.start() ? aligned(spool.start()) : query.offset)
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
      for await (const chunk of chunks(at, follow, signal)) {
        if (chunk.offset > at) yield { offset: chunk.offset }
        yield { bytes: chunk.bytes }
        at = chunk.offset + chunk.bytes.length
        hold.advance(at)
      }
    } finally {
      hold.leave()
    }
  }

  return {
    append: async ({ stream, bytes }, signal) => {
      for (const piece of pieces(bytes)) {
        const frame = encodeOutputFrame({ stream, atMs: clock.nowMs(), bytes: piece })
        await hold.pass(spool.end() + frame.length, signal)
        const begin = spool.end()
        if (marks.note(begin) && begin >= savedTo + saveEveryBytes) {
          savedTo = begin
          options.onMarks(marks.heldFrom(spool.start()))
        }
        await spool.append(frame, signal)
      }
    },
    close: () => spool.close(),
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
