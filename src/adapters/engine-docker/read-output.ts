import type { Socket } from 'node:net'
import { ArtelError } from '#core/errors'

/** How long a reader may be behind before the process is asked after. */
const behindMs = 700
/** Bound of what is read ahead for a resting reader: the engine and the kernel hold about 1.4 MB. */
const aheadBytesMax = 4 * 1024 * 1024

/**
 * The bytes of an attach or exec connection, at the reader's pace: an unread connection slows the process
 * down. But when the process has ended the engine gives an unread connection two seconds and then drops
 * what is left. So while the reader is behind, resting or merely slow, `isOver` is asked whether the process
 * has ended; if so the remainder is read ahead into memory. Begins watching at once; ends when `socket` closes.
 */
export const readOutput = (
  socket: Socket,
  isOver: () => Promise<boolean>,
): AsyncGenerator<Uint8Array> => {
  const ahead: Buffer[] = []
  let aheadBytes = 0
  let readsAhead = false
  let asking = false
  /** Undefined while the reader has all there is and waits for more. */
  let behindSince: number | undefined = performance.now()
  let wake = (): void => undefined

  const read = (): Buffer | undefined => {
    const chunk: unknown = socket.read()
    return Buffer.isBuffer(chunk) ? chunk : undefined
  }
  const onReadable = (): void => {
    while (readsAhead && aheadBytes < aheadBytesMax) {
      const chunk = read()
      if (chunk === undefined) break
      ahead.push(chunk)
      aheadBytes += chunk.length
    }
    wake()
  }
  const look = async (): Promise<void> => {
    const behind = behindSince !== undefined && performance.now() - behindSince >= behindMs
    if (!behind || asking || readsAhead || socket.readableLength === 0) return
    asking = true
    readsAhead = await isOver()
    asking = false
    onReadable()
  }

  const timer = setInterval(() => void look(), behindMs)
  socket.on('readable', onReadable)
  socket.once('end', () => wake())
  // Errors are kept by the socket and thrown below.
  socket.on('error', () => wake())
  socket.once('close', () => {
    clearInterval(timer)
    wake()
  })
  if (socket.destroyed) clearInterval(timer)

  const next = (): Buffer | undefined => {
    const chunk = ahead.shift()
    if (chunk === undefined) {
      readsAhead = false
      return read()
    }
    aheadBytes -= chunk.length
    return chunk
  }

  return (async function* pull() {
    try {
      for (;;) {
        const chunk = next()
        if (chunk !== undefined) {
          behindSince ??= performance.now()
          yield chunk
          continue
        }
        behindSince = undefined
        if (socket.errored) throw socket.errored
        if (socket.readableEnded) return
        if (socket.destroyed) throw new ArtelError('interrupted', 'the output was cut off')
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      clearInterval(timer)
      socket.destroy()
    }
  })()
}
