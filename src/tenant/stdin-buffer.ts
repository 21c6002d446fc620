import { ArtelError } from '#core/errors'

/**
 * What clients typed for a run and the host may not have yet. Kept from the beginning as long as it is
 * small, so that a new container can be told everything again.
 */
export type StdinBuffer = {
  /** Takes bytes; waits while too many are held that the host has not confirmed. */
  readonly write: (bytes: Uint8Array, signal: AbortSignal) => Promise<void>
  /** No more will come. Idempotent. */
  readonly end: () => void
  readonly ended: () => boolean
  /** Offset of the next byte to come. */
  readonly endOffset: () => number
  /** The bytes from `offset` on, as they come, until the end. Throws 'conflict' for bytes not held any more. */
  readonly read: (offset: number, signal: AbortSignal) => AsyncIterable<Uint8Array>
  /** Whether `write` waits for `confirm`. */
  readonly full: () => boolean
  /** The host has everything before `offset`. */
  readonly confirm: (offset: number) => void
  /** Begins at `offset`: what came before went through another process. */
  readonly beginAt: (offset: number) => void
  /** Whether everything since the first byte is held. */
  readonly replayable: () => boolean
}

const heldBytesMax = 1024 * 1024

type Piece = { readonly offset: number; readonly bytes: Uint8Array }

export const createStdinBuffer = (lostBefore: boolean): StdinBuffer => {
  let pieces: Piece[] = []
  let start = 0
  let end = 0
  let ended = false
  let wholeFromStart = !lostBefore
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const one of [...waiting]) one()
  }
  const change = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const settle = () => {
        waiting.delete(settle)
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = () => {
        waiting.delete(settle)
        reject(signal.reason)
      }
      waiting.add(settle)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  const full = (): boolean => end - start >= heldBytesMax
  async function* read(offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let at = offset
    for (;;) {
      if (at < start) throw new ArtelError('conflict', 'standard input is no longer held')
      const piece = pieces.find((one) => one.offset + one.bytes.length > at)
      if (piece !== undefined) {
        const bytes = piece.bytes.subarray(at - piece.offset)
        at += bytes.length
        yield bytes
      } else if (ended) return
      else await change(signal)
    }
  }
  return {
    write: async (bytes, signal) => {
      while (full() && !ended) await change(signal)
      if (ended) throw new ArtelError('conflict', 'standard input is closed')
      if (bytes.length === 0) return
      pieces.push({ offset: end, bytes: bytes.slice() })
      end += bytes.length
      wake()
    },
    end: () => {
      ended = true
      wake()
    },
    ended: () => ended,
    endOffset: () => end,
    read,
    full,
    confirm: (offset) => {
      if (!full()) return
      pieces = pieces.filter((piece) => piece.offset + piece.bytes.length > offset)
      start = pieces[0]?.offset ?? end
      if (start > 0) wholeFromStart = false
      wake()
    },
    beginAt: (offset) => {
      if (end > 0 || offset === 0) return
      start = offset
      end = offset
      wholeFromStart = false
    },
    replayable: () => wholeFromStart,
  }
}
