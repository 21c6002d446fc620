/** What `promise` gives; rejects with the signal's reason as soon as it aborts, whatever becomes of `promise`. */
export const orAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    promise
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
      .catch(reject)
  })

/**
 * The same values; throws the signal's reason as soon as it aborts, even while the source keeps silent. The
 * source is then left without being awaited.
 */
export const abortable = async function* <T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const values = source[Symbol.asyncIterator]()
  try {
    for (;;) {
      const step = await orAborted(values.next(), signal)
      if (step.done === true) return
      yield step.value
    }
  } finally {
    // A source that is stuck in a wait of its own would hold up whoever leaves.
    values.return?.().catch(() => undefined)
  }
}
