/**
 * Time. Virtual in the simulator; nothing else in the pure layers knows the time or waits.
 */
export type Clock = {
  /** Wall time, milliseconds since the Unix epoch; may jump when the machine's clock is set. */
  readonly nowMs: () => number
  /** Milliseconds since an arbitrary start; never goes back. */
  readonly monotonicMs: () => number
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts, and leaves no timer. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /**
   * Runs `work` with a signal that aborts when `signal` does or after `ms`; then waits for `work` to end.
   * Throws ArtelError 'timeout' when the time was the reason. `what` names the wait in that error.
   */
  readonly within: <T>(
    ms: number,
    signal: AbortSignal,
    what: string,
    work: (signal: AbortSignal) => Promise<T>,
  ) => Promise<T>
}

/** Unix seconds, as chains count. */
export const nowSeconds = (clock: Clock): number => Math.floor(clock.nowMs() / 1000)
