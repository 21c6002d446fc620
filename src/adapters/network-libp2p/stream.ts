import type { Stream } from '@libp2p/interface'
import { ArtelError } from '#core/errors'
import type { PeerId } from '#core/ids'
import type { PeerStream } from '#ports/network'
import { readStream } from './stream-reader.ts'

/** One `send` to libp2p: what lies in its buffer beyond the window. */
const pieceBytes = 256 * 1024
/** How long `end` waits for a peer that reads nothing more. */
const endTimeoutMs = 120_000

/** A libp2p stream (events, `send` and `drain`) as a PeerStream with backpressure both ways. */
export const toPeerStream = (stream: Stream, remote: PeerId): PeerStream => {
  const reader = readStream(stream)
  const waiting = new Set<() => void>()
  const wakeWriters = () => {
    for (const wake of waiting) wake()
    waiting.clear()
  }
  let resetReason: Error | undefined
  const gone = (cause?: unknown) =>
    resetReason ??
    new ArtelError('unavailable', `the stream to peer ${remote} was cut`, { cause: cause })

  stream.addEventListener('drain', wakeWriters)
  stream.addEventListener('close', (event) => {
    if (event.error !== undefined || !reader.finished()) reader.fail(gone(event.error))
    wakeWriters()
  })
  // a stream that died between its negotiation and here sends no more events
  if (stream.status === 'reset' || stream.status === 'aborted') reader.fail(gone())

  const drained = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const wake = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = () => {
        waiting.delete(wake)
        reject(signal.reason)
      }
      waiting.add(wake)
      signal.addEventListener('abort', onAbort, { once: true })
    })

  const send = async (piece: Uint8Array, signal: AbortSignal) => {
    signal.throwIfAborted()
    if (stream.writeStatus !== 'writable') throw gone()
    try {
      stream.send(piece)
    } catch (error) {
      throw gone(error)
    }
    // libp2p's own onDrain keeps its first promise for ever, so it cannot be waited for twice
    while (stream.writableNeedsDrain && stream.writeStatus === 'writable') await drained(signal)
    if (stream.status !== 'open') throw gone()
  }

  return {
    remote,
    read: reader,
    write: async (bytes, signal) => {
      for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
        await send(bytes.subarray(at, at + pieceBytes), signal)
      }
    },
    end: async () => {
      if (stream.writeStatus !== 'writable') return
      try {
        await stream.close({ signal: AbortSignal.timeout(endTimeoutMs) })
      } catch (error) {
        const failure = gone(error)
        stream.abort(failure)
        throw failure
      }
    },
    reset: (reason) => {
      resetReason ??= reason
      stream.abort(reason)
    },
  }
}
