import type { OutputChunk } from '#ports/engine'

const bytesMax = 64 * 1024

/** A bounded queue between a process and whoever listens to it or speaks to it. */
export type Pipe<T extends { readonly bytes: Uint8Array }> = {
  /** Resolves once it is taken in; false when nobody will read it. */
  readonly put: (item: T) => Promise<boolean>
  /** Undefined at the end. */
  readonly take: () => Promise<T | undefined>
  /** No more is put in; what is held can still be taken. */
  readonly end: () => void
  /** Nobody reads any more; what is held is gone. */
  readonly drop: () => void
}

export const createPipe = <T extends { readonly bytes: Uint8Array }>(): Pipe<T> => {
  let held: T[] = []
  let heldBytes = 0
  let ended = false
  let dropped = false
  let waiting = new Set<() => void>()
  const wake = (): void => {
    const woken = waiting
    waiting = new Set()
    for (const resume of woken) resume()
  }
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.add(resolve)
    })
  return {
    put: async (item) => {
      while (!dropped && !ended && heldBytes >= bytesMax) await change()
      if (dropped || ended) return false
      held.push(item)
      heldBytes += item.bytes.length
      wake()
      return true
    },
    take: async () => {
      for (;;) {
        const item = held.shift()
        if (item !== undefined) {
          heldBytes -= item.bytes.length
          wake()
          return item
        }
        if (ended || dropped) return undefined
        await change()
      }
    },
    end: () => {
      ended = true
      wake()
    },
    drop: () => {
      dropped = true
      held = []
      wake()
    },
  }
}

export type OutputPipe = Pipe<OutputChunk>
export type InputPipe = Pipe<{ readonly bytes: Uint8Array }>
