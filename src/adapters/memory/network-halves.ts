import { ArtelError } from '#core/errors'

/** Bytes that a writer may be ahead of its reader, as a yamux window. */
const windowBytes = 256 * 1024
const pieceBytes = 32 * 1024

const never = () => new Promise<never>(() => undefined)

/** The reading half of a stream's end. */
export type Inbox = {
  readonly read: AsyncIterable<Uint8Array>
  readonly receive: (bytes: Uint8Array) => void
  readonly receiveEnd: () => void
  readonly hasEnded: () => boolean
  /** Later reads throw `error`, unless all bytes have come in. */
  readonly fail: (error: unknown) => void
}

/** `onRead` grants the writer as many bytes more; a dead node's reader is never woken. */
export const createInbox = (onRead: (bytes: number) => void, isAlive: () => boolean): Inbox => {
  const unread: Uint8Array[] = []
  let ended = false
  let failure: { readonly error: unknown } | undefined
  let wakeReader: (() => void) | undefined

  const wake = () => {
    if (!isAlive()) return
    wakeReader?.()
    wakeReader = undefined
  }
  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    for (;;) {
      if (!isAlive()) await never()
      const bytes = unread.shift()
      if (bytes !== undefined) {
        onRead(bytes.length)
        return { done: false, value: bytes }
      }
      if (ended) return { done: true, value: undefined }
      if (failure !== undefined) throw failure.error
      await new Promise<void>((resolve) => {
        wakeReader = resolve
      })
    }
  }
  return {
    read: { [Symbol.asyncIterator]: () => ({ next }) },
    receive: (bytes) => {
      if (failure !== undefined) return
      unread.push(bytes)
      wake()
    },
    receiveEnd: () => {
      if (failure !== undefined) return
      ended = true
      wake()
    },
    hasEnded: () => ended,
    fail: (error) => {
      if (ended || failure !== undefined) return
      failure = { error }
      unread.length = 0
      wake()
    },
  }
}

/** The writing half of a stream's end. */
export type Outbox = {
  readonly write: (bytes: Uint8Array, signal: AbortSignal) => Promise<void>
  readonly end: () => void
  readonly hasEnded: () => boolean
  /** The reader took `bytes`: as many more may go. */
  readonly credit: (bytes: number) => void
  /** Later writes throw `error`. */
  readonly fail: (error: unknown) => void
}

export const createOutbox = (
  send: (piece: Uint8Array) => void,
  sendEnd: () => void,
  isAlive: () => boolean,
): Outbox => {
  const writers = new Set<() => void>()
  let aheadBytes = 0
  let ended = false
  let failure: { readonly error: unknown } | undefined

  const wake = () => {
    if (!isAlive()) return
    for (const writer of writers) writer()
    writers.clear()
  }
  const room = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const writer = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = () => {
        writers.delete(writer)
        if (isAlive()) reject(signal.reason)
      }
      writers.add(writer)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  const writePiece = async (piece: Uint8Array, signal: AbortSignal) => {
    if (!isAlive()) await never()
    signal.throwIfAborted()
    while (failure === undefined && aheadBytes > 0 && aheadBytes + piece.length > windowBytes) {
      await room(signal)
    }
    if (failure !== undefined) throw failure.error
    if (ended) throw new ArtelError('unavailable', 'this half of the stream has ended')
    aheadBytes += piece.length
    send(piece)
  }
  return {
    write: async (bytes, signal) => {
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        await writePiece(bytes.slice(at, at + pieceBytes), signal)
      }
    },
    end: () => {
      if (ended || failure !== undefined) return
      ended = true
      sendEnd()
    },
    hasEnded: () => ended,
    credit: (bytes) => {
      aheadBytes -= bytes
      wake()
    },
    fail: (error) => {
      if (failure !== undefined) return
      failure = { error }
      wake()
    },
  }
}
