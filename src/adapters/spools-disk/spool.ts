import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ArtelError } from '#core/errors'
import type { Spool } from '#ports/spools'
import { openSegmentLog, type SegmentLog, type SegmentReader } from './segment-log.ts'
import { createWaiters, type Waiters } from './waiters.ts'

/** Segments per spool: dropping one loses an eighth of what is held. */
const segmentsPerSpool = 8
const segmentBytesMax = 4 * 1024 * 1024
const chunkBytesMax = 256 * 1024
const closedMark = 'closed'

export type DiskSpool = Spool & {
  /** Ends every reader and writer; the files are the caller's to remove. */
  readonly abandon: () => Promise<void>
}

type Reader = { offset: number }

type State = {
  readonly log: SegmentLog
  readonly bytesMax: number
  readonly segmentBytes: number
  readonly changes: Waiters
  readonly readers: Set<Reader>
  status: 'open' | 'closed' | 'abandoned'
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

const refuseClosed = (state: State): void => {
  if (state.status !== 'open') throw new ArtelError('conflict', 'this spool is closed')
}

/** Drops the oldest segment, once every reader has passed it. */
const makeRoom = async (state: State, signal: AbortSignal): Promise<void> => {
  const { log, readers, changes } = state
  while ([...readers].some(({ offset }) => offset < log.oldestEnd())) {
    await changes.wait(signal)
    refuseClosed(state)
  }
  await log.dropOldest()
}

const appendPiece = async (state: State, piece: Uint8Array, signal: AbortSignal): Promise<void> => {
  const { log } = state
  signal.throwIfAborted()
  refuseClosed(state)
  while (log.end() + piece.length - log.start() > state.bytesMax) await makeRoom(state, signal)
  await log.append(piece)
  state.changes.wake()
}

const appendAll = async (state: State, bytes: Uint8Array, signal: AbortSignal): Promise<void> => {
  const pieceBytes = bytes.length > state.bytesMax ? state.segmentBytes : bytes.length
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    await appendPiece(state, bytes.subarray(at, at + pieceBytes), signal)
  }
}

async function* readChunks(
  state: State,
  reader: Reader,
  files: SegmentReader,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<{ readonly offset: number; readonly bytes: Uint8Array }> {
  while (state.status !== 'abandoned') {
    signal.throwIfAborted()
    const { offset } = reader
    const bytes = await files.read(offset, chunkBytesMax).catch((error: unknown) => {
      if (state.status === 'abandoned') return undefined
      throw error
    })
    if (bytes !== undefined) {
      yield { offset, bytes }
      reader.offset = offset + bytes.length
      state.changes.wake()
    } else if (offset >= state.log.end()) {
      if (!follow || state.status !== 'open') return
      await state.changes.wait(signal)
    }
  }
}

async function* readFrom(
  state: State,
  from: number,
  follow: boolean,
  signal: AbortSignal,
): ReturnType<typeof readChunks> {
  const reader = { offset: Math.max(from, state.log.start()) }
  state.readers.add(reader)
  try {
    await using files = state.log.reader()
    yield* readChunks(state, reader, files, follow, signal)
  } finally {
    state.readers.delete(reader)
    state.changes.wake()
  }
}

/** Opens the spool in `directory`, which survives a crash: at worst its last bytes are torn off. */
export const openDiskSpool = async (directory: string, bytesMax: number): Promise<DiskSpool> => {
  const share = Math.max(1, Math.floor(bytesMax / segmentsPerSpool))
  const segmentBytes = Math.min(segmentBytesMax, share)
  const state: State = {
    log: await openSegmentLog(directory, segmentBytes),
    bytesMax,
    segmentBytes,
    changes: createWaiters(),
    readers: new Set(),
    status: (await isThere(join(directory, closedMark))) ? 'closed' : 'open',
  }
  let writing: Promise<void> = Promise.resolve()
  return {
    start: state.log.start,
    end: state.log.end,
    closed: () => state.status !== 'open',
    append: (bytes, signal) => {
      const mine = writing.then(() => appendAll(state, bytes, signal))
      // One failed append does not stop the next; its caller has the error.
      writing = mine.catch(() => undefined)
      return mine
    },
    close: async () => {
      if (state.status !== 'open') return
      state.status = 'closed'
      state.changes.wake()
      await writing
      await state.log.close()
      await writeFile(join(directory, closedMark), '')
    },
    read: (from, follow, signal) => readFrom(state, from, follow, signal),
    abandon: async () => {
      state.status = 'abandoned'
      state.changes.wake()
      await writing
      await state.log.close()
    },
  }
}
