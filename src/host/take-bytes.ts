import { ArtelError } from '#core/errors'

/** Takes exact numbers of bytes from a stream of chunks. */
export const createTaker = (source: AsyncIterable<Uint8Array>) => {
  const chunks = source[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  const fill = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const next = await chunks.next()
      if (next.done === true) return false
      rest = next.value
    }
    return true
  }
  /** Up to `max` bytes, at least one; undefined at the end. */
  const some = async (max: number): Promise<Uint8Array | undefined> => {
    if (!(await fill())) return undefined
    const taken = rest.subarray(0, max)
    rest = rest.subarray(taken.length)
    return taken
  }
  const exactly = async (length: number): Promise<Uint8Array | undefined> => {
    const all = new Uint8Array(length)
    let at = 0
    while (at < length) {
      const part = await some(length - at)
      if (part === undefined) {
        if (at === 0) return undefined
        throw new ArtelError('corrupt', 'a stream ends in the middle')
      }
      all.set(part, at)
      at += part.length
    }
    return all
  }
  return { some, exactly, close: async () => void (await chunks.return?.()) }
}

export type Taker = ReturnType<typeof createTaker>

export const skip = async (taker: Taker, bytes: number): Promise<void> => {
  if (bytes > 0) await taker.exactly(bytes)
}

/** The next `bytes` bytes, as they come. */
export const passed = async function* (taker: Taker, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes
  while (left > 0) {
    const part = await taker.some(left)
    if (part === undefined) throw new ArtelError('corrupt', 'a stream ends in the middle')
    left -= part.length
    yield part
  }
}
