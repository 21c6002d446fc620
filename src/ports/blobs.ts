/** Lowercase hexadecimal SHA-256 of the content. */
export type BlobId = string

/**
 * Content under its hash, on this machine. Writes are atomic: a blob is there whole or not at all.
 * Errors: 'out-of-disk' (beyond the quota or the disk), 'not-found', 'too-large'.
 */
export type Blobs = {
  /** Stores a stream of at most `bytesMax` and names it; storing the same content twice does no harm. */
  readonly put: (
    source: AsyncIterable<Uint8Array>,
    bytesMax: number,
    signal: AbortSignal,
  ) => Promise<{ readonly id: BlobId; readonly sizeBytes: number }>
  readonly size: (id: BlobId) => Promise<number | undefined>
  /** The bytes from `offset` on; throws 'corrupt' at the end of a whole read that does not match the hash. */
  readonly get: (id: BlobId, offset: number, signal: AbortSignal) => AsyncIterable<Uint8Array>
  /** Idempotent. */
  readonly remove: (id: BlobId) => Promise<void>
}
