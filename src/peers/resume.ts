import { ArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'

export type ResumeOptions = {
  readonly signal: AbortSignal
  /** The first byte wanted. */
  readonly offset?: number
  /** How long it goes on trying without a single new byte. */
  readonly giveUpAfterMs: number
  readonly firstDelayMs?: number
  readonly delayMsMax?: number
}

/** Errors after which the same bytes may come by asking again. */
const isPassing = (error: unknown): error is ArtelError =>
  error instanceof ArtelError &&
  (error.code === 'unavailable' || error.code === 'timeout' || error.code === 'busy')

/**
 * One unbroken stream of bytes over calls that break: `open` gives the bytes from an offset on, and is called
 * again from the offset reached when it or its bytes end with 'unavailable', 'timeout' or 'busy', after a
 * delay that doubles until bytes flow again. Throws the last of these errors after `giveUpAfterMs` without
 * progress, any other error at once.
 */
export async function* readResumable(
  { clock }: { readonly clock: Clock },
  open: (offset: number, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>,
  options: ResumeOptions,
): AsyncGenerator<Uint8Array, void> {
  const { signal, giveUpAfterMs, firstDelayMs = 250, delayMsMax = 5000 } = options
  let offset = options.offset ?? 0
  let delayMs = firstDelayMs
  let progressAtMs = clock.monotonicMs()
  for (;;) {
    signal.throwIfAborted()
    try {
      for await (const bytes of await open(offset, signal)) {
        offset += bytes.length
        yield bytes
        delayMs = firstDelayMs
        progressAtMs = clock.monotonicMs()
      }
      return
    } catch (error) {
      if (signal.aborted || !isPassing(error)) throw error
      if (clock.monotonicMs() + delayMs - progressAtMs >= giveUpAfterMs) throw error
    }
    await clock.sleep(delayMs, signal)
    delayMs = Math.min(delayMs * 2, delayMsMax)
  }
}
