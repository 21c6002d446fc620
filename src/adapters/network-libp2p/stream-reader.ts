import type { Stream } from '@libp2p/interface'
import { createByteQueue } from './byte-queue.ts'

/** Unread bytes at which a stream stops granting its peer more of the yamux window. */
const unreadBytesMax = 512 * 1024
/** What is read at once, joined: libp2p hands out pieces of all sizes. */
const chunkBytesMax = 256 * 1024

export type StreamReader = AsyncIterable<Uint8Array> & {
  /** Every later read throws `error`, unless the peer's last byte has already come in. */
  readonly fail: (error: unknown) => void
  /** Whether the peer has closed its half, so that everything it sent is here or in libp2p's buffer. */
  readonly finished: () => boolean
}

/**
 * What comes in on a libp2p stream. The stream is paused while `unreadBytesMax` wait here: then the yamux
 * window, which bounds what the peer may still have under way, runs out.
 */
export const readStream = (stream: Stream): StreamReader => {
  const unread = createByteQueue()
  // a FIN that came before this reader did is genuine only while the stream itself is whole
  const cut = stream.status === 'reset' || stream.status === 'aborted'
  let finished = stream.remoteWriteStatus === 'closed' && !cut
  let ended = false
  let resuming = false
  let failure: { readonly error: unknown } | undefined
  let wake: (() => void) | undefined

  const notify = () => {
    wake?.()
    wake = undefined
  }
  /** The peer sent its FIN and nothing is left in libp2p's buffer ('end' may have come before us). */
  const checkEnd = () => {
    if (failure !== undefined || !finished || stream.readBufferLength > 0) return
    ended = true
    notify()
  }
  const pauseWhenFull = () => {
    // a pause in the midst of a resume would be undone by its end: the window would grow while nobody reads
    if (resuming || unread.byteLength() < unreadBytesMax || stream.readStatus !== 'readable') return
    stream.pause()
  }
  const resumeWhenDrained = () => {
    if (unread.byteLength() > unreadBytesMax / 2 || stream.readStatus !== 'paused') return
    resuming = true
    try {
      stream.resume()
    } catch (error) {
      // resume hands out what libp2p held first and then grants more window, which fails without connection
      if (stream.status === 'open') throw error
    } finally {
      resuming = false
    }
    pauseWhenFull()
    checkEnd()
  }
  const fail = (error: unknown) => {
    if (ended || failure !== undefined) return
    failure = { error }
    unread.clear()
    notify()
  }

  stream.addEventListener('message', ({ data }) => {
    unread.push(data instanceof Uint8Array ? [data] : data)
    pauseWhenFull()
    notify()
    checkEnd()
  })
  stream.addEventListener('remoteCloseWrite', () => {
    finished = true
    checkEnd()
  })
  stream.addEventListener('end', checkEnd)
  checkEnd()

  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    for (;;) {
      if (failure !== undefined) throw failure.error
      const value = unread.take(chunkBytesMax)
      if (value !== undefined) {
        resumeWhenDrained()
        return { done: false, value }
      }
      if (ended) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { fail, finished: () => finished, [Symbol.asyncIterator]: () => ({ next }) }
}
