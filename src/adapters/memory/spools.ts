import { ArtelError } from '#core/errors'
import type { Spool, Spools } from '#ports/spools'

const chunkBytesMax = 256 * 1024

type Reader = { offset: number }

type Piece = { readonly start: number; readonly bytes: Uint8Array }

type State = {
  readonly bytesMax: number
  /** What was appended and is held, oldest first. */
  pieces: Piece[]
  end: number
  status: 'open' | 'closed' | 'removed'
  readonly readers: Set<Reader>
  /** Whoever waits for a change; woken all at once. */
  waiting: Set<() => void>
}

export type MemorySpools = Spools & {
  /** The node died: who read then reads no more and holds nobody up. */
  readonly forgetReaders: () => void
  /** The disk is gone. */
  readonly loseEverything: () => void
}

const startOf = (state: State): number => state.pieces[0]?.start ?? state.end
const endOf = ({ start, bytes }: Piece): number => start + bytes.length

const wake = (state: State): void => {
  const woken = state.waiting
  state.waiting = new Set()
  for (const resume of woken) resume()
}

const change = (state: State, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = (): void => {
      state.waiting.delete(onWake)
      reject(signal.reason)
    }
    const onWake = (): void => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }
    state.waiting.add(onWake)
    signal.addEventListener('abort', onAbort, { once: true })
  })

const refuseClosed = (state: State): void => {
  if (state.status !== 'open') throw new ArtelError('conflict', 'this spool is closed')
}

/** Gives up the oldest piece, once every reader has passed it. */
const dropOldest = async (state: State, signal: AbortSignal): Promise<void> => {
  const oldest = state.pieces[0]
  if (oldest === undefined) return
  while ([...state.readers].some(({ offset }) => offset < endOf(oldest))) {
    await change(state, signal)
    refuseClosed(state)
  }
  state.pieces.shift()
}

const append = async (state: State, bytes: Uint8Array, signal: AbortSignal): Promise<void> => {
  const { bytesMax } = state
  const pieceBytes = bytes.length > bytesMax ? Math.ceil(bytesMax / 8) : bytes.length
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    signal.throwIfAborted()
    refuseClosed(state)
    const piece = { start: state.end, bytes: bytes.slice(at, at + pieceBytes) }
    while (endOf(piece) - startOf(state) > bytesMax && state.pieces.length > 0) {
      await dropOldest(state, signal)
    }
    state.pieces.push(piece)
    state.end = endOf(piece)
    wake(state)
  }
}

/** What follows `offset`, which is held, as one chunk. */
const chunkAt = ({ pieces }: State, offset: number): Uint8Array => {
  const parts: Uint8Array[] = []
  let length = 0
  let index = pieces.findLastIndex(({ start }) => start <= offset)
  for (let at = offset; length < chunkBytesMax; index += 1) {
    const piece = pieces[index]
    if (piece === undefined) break
    const part = piece.bytes.subarray(at - piece.start).subarray(0, chunkBytesMax - length)
    parts.push(part)
    length += part.length
    at += part.length
  }
  const chunk = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    chunk.set(part, at)
    at += part.length
  }
  return chunk
}

async function* read(
  state: State,
  from: number,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<{ readonly offset: number; readonly bytes: Uint8Array }> {
  const reader = { offset: Math.max(from, startOf(state)) }
  state.readers.add(reader)
  try {
    while (state.status !== 'removed') {
      signal.throwIfAborted()
      const { offset } = reader
      if (offset < state.end) {
        const bytes = chunkAt(state, offset)
        yield { offset, bytes }
        reader.offset = offset + bytes.length
        wake(state)
      } else if (!follow || state.status === 'closed') {
        return
      } else {
        await change(state, signal)
      }
    }
  } finally {
    state.readers.delete(reader)
    wake(state)
  }
}

const spoolOver = (state: State): Spool => {
  let writing: Promise<void> = Promise.resolve()
  return {
    start: () => startOf(state),
    end: () => state.end,
    closed: () => state.status !== 'open',
    append: (bytes, signal) => {
      const mine = writing.then(() => append(state, bytes, signal))
      // One failed append does not stop the next; its caller has the error.
      writing = mine.catch(() => undefined)
      return mine
    },
    close: async () => {
      if (state.status === 'open') state.status = 'closed'
      wake(state)
    },
    read: (from, follow, signal) => read(state, from, follow, signal),
  }
}

/** Spools in memory, which outlive the node that opened them but not the process. */
export const createMemorySpools = (): MemorySpools => {
  const spools = new Map<string, { readonly state: State; readonly spool: Spool }>()
  const end = (state: State): void => {
    state.status = 'removed'
    wake(state)
  }
  return {
    open: async (name, bytesMax) => {
      if (!/^[a-z0-9-]{1,128}$/.test(name)) {
        throw new ArtelError(
          'bad-request',
          `spool name ${JSON.stringify(name.slice(0, 200))} is not sound`,
        )
      }
      const known = spools.get(name)
      if (known !== undefined) return known.spool
      const state: State = {
        bytesMax,
        pieces: [],
        end: 0,
        status: 'open',
        readers: new Set(),
        waiting: new Set(),
      }
      const spool = spoolOver(state)
      spools.set(name, { state, spool })
      return spool
    },
    remove: async (name) => {
      const known = spools.get(name)
      spools.delete(name)
      if (known !== undefined) end(known.state)
    },
    names: async () => [...spools.keys()].sort(),
    forgetReaders: () => {
      for (const { state } of spools.values()) {
        state.readers.clear()
        wake(state)
      }
    },
    loseEverything: () => {
      for (const { state } of spools.values()) end(state)
      spools.clear()
    },
  }
}
