import { ArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import type { OutputChunk } from '#ports/engine'
import type { Spool } from '#ports/spools'
import { createOutputDecoder, encodeOutputFrame, outputHeaderBytes } from '#protocol/output'
import { createNotice } from './notice.ts'
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

/** How long a held log waits for a follower that was cut off. */
export const holdAfterCutMs = 60_000
/** What a held log keeps behind its follower: bytes that were sent may not have arrived. */
const inFlightBytes = 1024 * 1024
const pieceBytesMax = 64 * 1024

/** What followers of a held log have read, and since when nobody reads. */
const createHold = (clock: Clock, options: OutputLogOptions) => {
  const notice = createNotice()
  const room = Math.max(options.bytesMax - inFlightBytes, Math.floor(options.bytesMax / 2))
  let reached = 0
  let followers = 0
  let idleSinceMs: number | undefined
  const waitMs = (): number =>
    idleSinceMs === undefined
      ? Number.POSITIVE_INFINITY
      : idleSinceMs + holdAfterCutMs - clock.monotonicMs()
  return {
    enter: () => {
      followers += 1
      idleSinceMs = undefined
    },
    leave: () => {
      followers -= 1
      if (followers === 0) idleSinceMs = clock.monotonicMs()
      notice.notify()
    },
    advance: (offset: number) => {
      reached = Math.max(reached, offset)
      notice.notify()
    },
    /** Waits until `end` is no further than `room` ahead of what was read. */
    pass: async (end: number, signal: AbortSignal): Promise<void> => {
      while (options.hold && end - reached > room && waitMs() > 0) {
        const seen = notice.version()
        const ms = waitMs()
        const changed = (inner: AbortSignal) => notice.changed(seen, inner)
        if (ms === Number.POSITIVE_INFINITY) await changed(signal)
        else await untilTimeout(clock.within(ms, signal, 'a follower', changed))
      }
    },
  }
}

const untilTimeout = async (waiting: Promise<void>): Promise<void> => {
  try {
    await waiting
  } catch (error) {
    if (!(error instanceof ArtelError) || error.code !== 'timeout') throw error
  }
}

const pieces = function* (bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytesMax) {
    yield bytes.subarray(at, at + pieceBytesMax)
  }
}

export const createOutputLog = (
  components: { readonly clock: Clock; readonly spool: Spool },
  options: OutputLogOptions,
): OutputLog => {
  const { clock, spool } = components
  const marks = createMarks(options.marks)
  const hold = createHold(clock, options)
  const aligned = (from: number): number => marks.alignedFrom(from) ?? spool.end()

  /** Chunks from `offset` on; where older bytes gave way meanwhile, from where the next known frame begins. */
  const chunks = async function* (
    offset: number,
    follow: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly offset: number; readonly bytes: Uint8Array }> {
    let at = offset
    for await (const chunk of spool.read(offset, follow, signal)) {
      const end = chunk.offset + chunk.bytes.length
      if (chunk.offset > at) at = aligned(chunk.offset)
      if (at >= end) continue
      yield { offset: at, bytes: chunk.bytes.subarray(at - chunk.offset) }
      at = end
    }
  }

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
        if (marks.note(spool.end())) options.onMarks(marks.heldFrom(spool.start()))
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
