/**
 * The same values; throws the signal's reason as soon as it aborts, even while the source keeps silent. The
 * source is then left without being awaited.
 */
export const abortable = async function* <T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const values = source[Symbol.asyncIterator]()
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  // Whoever reads sees the reason; nobody reads after the last value.
  aborted.catch(() => undefined)
  try {
    for (;;) {
      const next = values.next()
      next.catch(() => undefined)
      const step = await Promise.race([next, aborted])
      if (step.done === true) return
      yield step.value
    }
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
    values.return?.().catch(() => undefined)
  }
}
