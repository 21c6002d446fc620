/** A bounded queue between writers that may have to wait and one reader; iterated once. */
export type Mailbox<T> = AsyncIterable<T> & {
  /** Resolves when there is room for another item, at once after `close`. */
  readonly push: (item: T) => Promise<void>
  /** Puts in an item whatever the bound; for the few that must not wait. */
  readonly urge: (item: T) => void
  /** How many items wait for the reader. */
  readonly size: () => number
  /** The reader gets what is queued, then the end or `error`. */
  readonly close: (error?: unknown) => void
}

export const createMailbox = <T>(itemsMax: number): Mailbox<T> => {
  const items: T[] = []
  let over: { readonly error?: unknown } | undefined
  let wakeReader: (() => void) | undefined
  const writers: (() => void)[] = []
  const urge = (item: T): void => {
    if (over !== undefined) return
    items.push(item)
    wakeReader?.()
  }
  const close = (error?: unknown): void => {
    over ??= error === undefined ? {} : { error }
    wakeReader?.()
    for (const wake of writers.splice(0)) wake()
  }
  const next = async (): Promise<IteratorResult<T, undefined>> => {
    for (;;) {
      const item = items.shift()
      if (item !== undefined) {
        if (items.length < itemsMax) writers.shift()?.()
        return { done: false, value: item }
      }
      if (over !== undefined) {
        if ('error' in over) throw over.error
        return { done: true, value: undefined }
      }
      await new Promise<void>((resolve) => {
        wakeReader = resolve
      })
    }
  }
  return {
    size: () => items.length,
    urge,
    close,
    push: async (item) => {
      urge(item)
      if (items.length < itemsMax || over !== undefined) return
      await new Promise<void>((resolve) => writers.push(resolve))
    },
    [Symbol.asyncIterator]: () => ({
      next,
      return: async () => {
        items.length = 0
        close()
        return { done: true, value: undefined }
      },
    }),
  }
}
