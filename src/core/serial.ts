/** Runs pieces of work one after the other, in the order in which they were asked for. */
export type Serial = <T>(work: () => Promise<T>) => Promise<T>

export const createSerial = (): Serial => {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work)
    // The next piece waits for this one, however it ends; the caller sees the error.
    last = next.catch(() => undefined)
    return next
  }
}
