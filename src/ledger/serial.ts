/** Runs one piece of work at a time, in the order of the calls; a failure does not stop the next. */
export const createSerial = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work, work)
    last = mine.catch(() => undefined)
    return mine
  }
}
