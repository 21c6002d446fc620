import { ArtelError } from '#core/errors'
import type { Spool, Spools } from '#ports/spools'

const chunkBytesMax = 64 * 1024

type Reader = { offset: number }

type State = {
  readonly bytesMax: number
  /** What is held, from `start` on. */
  bytes: Uint8Array
  start: number
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

const endOf = (state: State): number => state.start + state.bytes.length

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

/** Gives up the oldest `count` bytes, once every reader has passed them. */
const drop = async (state: State, count: number, signal: AbortSignal): Promise<void> => {
  while ([...state.readers].some(({ offset }) => offset < state.start + count)) {
    await change(state, signal)
    refuseClosed(state)
  }
  state.bytes = state.bytes.slice(count)
  state.start += count
}

const append = async (state: State, bytes: Uint8Array, signal: AbortSignal): Promise<void> => {
  signal.throwIfAborted()
  refuseClosed(state)
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.subarray(at, at + Math.min(chunkBytesMax, state.bytesMax))
    const excess = state.bytes.length + piece.length - state.bytesMax
    if (excess > 0) await drop(state, excess, signal)
    const joined = new Uint8Array(state.bytes.length + piece.length)
    joined.set(state.bytes)
    joined.set(piece, state.bytes.length)
    state.bytes = joined
    at += piece.length
    wake(state)
  }
}

async function* read(
  state: State,
  from: number,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<{ readonly offset: number; readonly bytes: Uint8Array }> {
  const reader = { offset: Math.max(from, state.start) }
  state.readers.add(reader)
  try {
    while (state.status !== 'removed') {
      signal.throwIfAborted()
      const { offset } = reader
      if (offset < endOf(state)) {
        const at = offset - state.start
        const bytes = state.bytes.slice(at, at + chunkBytesMax)
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
    start: () => state.start,
    end: () => endOf(state),
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
        bytes: new Uint8Array(0),
        start: 0,
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
