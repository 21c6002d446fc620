/**
 * Append-only byte logs of bounded size, for output that outlives its reader: written by one, read by many
 * from any offset, on this machine's disk. An offset counts every byte ever appended.
 */
export type Spool = {
  /** Bytes ever appended. */
  readonly end: () => number
  /**
   * The first offset still held: older bytes gave way to newer ones. An append of up to the bound is held
   * whole or not at all, so that this is where one began; a longer one gives way piece by piece.
   */
  readonly start: () => number
  /**
   * Appends; the bytes are the spool's until then. When the bound is reached: drops the oldest bytes that every
   * open reader has passed, at most an eighth of the bound (or the longest append) more than it must; where a
   * reader is still behind, waits for it (this is the backpressure that slows the container down).
   */
  readonly append: (bytes: Uint8Array, signal: AbortSignal) => Promise<void>
  /** No more bytes will come: readers end after the last one. Idempotent. */
  readonly close: () => Promise<void>
  readonly closed: () => boolean
  /**
   * Bytes from `offset` (raised to `start()`); with `follow` waits for more until the spool is closed.
   * Chunks are at most 256 KiB and say the offset of their first byte.
   */
  readonly read: (
    offset: number,
    follow: boolean,
    signal: AbortSignal,
  ) => AsyncIterable<{ readonly offset: number; readonly bytes: Uint8Array }>
}

export type Spools = {
  /** Opens or creates the spool `name` ([a-z0-9-]+); survives restarts. */
  readonly open: (name: string, bytesMax: number) => Promise<Spool>
  /** Removes it and its bytes; readers end. Idempotent. */
  readonly remove: (name: string) => Promise<void>
  readonly names: () => Promise<readonly string[]>
}
