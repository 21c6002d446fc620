import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js'
import { ArtelError } from '#core/errors'
import { formatBytes } from '#core/resources'
import type { BlobId, Blobs } from '#ports/blobs'

/** Blobs in memory; `usedBytes` is a gauge for leaks. */
export type MemoryBlobs = Blobs & { readonly usedBytes: () => number }

const chunkBytes = 64 * 1024

const gather = async (
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of source) {
    signal.throwIfAborted()
    sizeBytes += part.length
    if (sizeBytes > bytesMax) {
      throw new ArtelError('too-large', `a blob may have ${formatBytes(bytesMax)}`)
    }
    // The producer may use its buffer again.
    parts.push(part.slice())
  }
  return concatBytes(...parts)
}

export const createMemoryBlobs = (quotaBytes = Number.POSITIVE_INFINITY): MemoryBlobs => {
  const held = new Map<BlobId, Uint8Array>()
  let usedBytes = 0
  async function* get(id: BlobId, offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const bytes = held.get(id)
    if (bytes === undefined) throw new ArtelError('not-found', `no blob ${id.slice(0, 80)}`)
    for (let at = offset; at < bytes.length; at += chunkBytes) {
      signal.throwIfAborted()
      yield bytes.slice(at, at + chunkBytes)
    }
  }
  return {
    get,
    put: async (source, bytesMax, signal) => {
      const bytes = await gather(source, bytesMax, signal)
      const id = bytesToHex(sha256(bytes))
      if (!held.has(id)) {
        if (usedBytes + bytes.length > quotaBytes) {
          throw new ArtelError('out-of-disk', `blobs may take ${formatBytes(quotaBytes)} here`)
        }
        held.set(id, bytes)
        usedBytes += bytes.length
      }
      return { id, sizeBytes: bytes.length }
    },
    size: async (id) => held.get(id)?.length,
    remove: async (id) => {
      usedBytes -= held.get(id)?.length ?? 0
      held.delete(id)
    },
    usedBytes: () => usedBytes,
  }
}
