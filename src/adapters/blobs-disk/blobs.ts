import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ArtelError } from '#core/errors'
import { formatBytes } from '#core/resources'
import type { Blobs } from '#ports/blobs'

const chunkBytes = 256 * 1024
const idPattern = /^[0-9a-f]{64}$/

/**
 * Blobs as files named by their hash, two levels deep, so that no folder grows large. A write goes to a
 * temporary file that is synced and renamed: after a crash a blob is there whole or not at all.
 */
export const createDiskBlobs = async (options: {
  readonly directory: string
  /** All blobs together. */
  readonly quotaBytes: number
}): Promise<Blobs> => {
  const { directory, quotaBytes } = options
  const temporary = join(directory, 'tmp')
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  let usedBytes = await sizeOf(directory)

  const pathOf = (id: string): string => {
    if (!idPattern.test(id)) throw new ArtelError('bad-request', `no blob id: ${id.slice(0, 80)}`)
    return join(directory, id.slice(0, 2), id)
  }
  const size = async (id: string): Promise<number | undefined> => {
    try {
      return (await stat(pathOf(id))).size
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  return {
    size,
    put: async (source, bytesMax, signal) => {
      const draft = join(temporary, randomUUID())
      try {
        const { id, sizeBytes } = await write(draft, source, signal, (bytes) => {
          if (bytes > bytesMax) {
            throw new ArtelError('too-large', `a blob may have ${formatBytes(bytesMax)}`)
          }
          if (usedBytes + bytes > quotaBytes) {
            throw new ArtelError('out-of-disk', `blobs may take ${formatBytes(quotaBytes)} here`, {
              hint: 'Remove runs and maps that are no longer needed (artel rm).',
            })
          }
        })
        if ((await size(id)) === undefined) {
          await mkdir(dirname(pathOf(id)), { recursive: true })
          await rename(draft, pathOf(id))
          usedBytes += sizeBytes
        }
        return { id, sizeBytes }
      } finally {
        await rm(draft, { force: true })
      }
    },
    get: (id, offset, signal) => read(pathOf(id), id, offset, signal),
    remove: async (id) => {
      const bytes = (await size(id)) ?? 0
      await rm(pathOf(id), { force: true })
      usedBytes -= bytes
    },
  }
}

const write = async (
  path: string,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  check: (bytes: number) => void,
): Promise<{ id: string; sizeBytes: number }> => {
  const hash = createHash('sha256')
  const file = await open(path, 'wx')
  let sizeBytes = 0
  try {
    for await (const chunk of source) {
      signal.throwIfAborted()
      sizeBytes += chunk.length
      check(sizeBytes)
      hash.update(chunk)
      await file.write(chunk)
    }
    await file.sync()
  } catch (error) {
    throw isFull(error)
      ? new ArtelError('out-of-disk', 'the disk is full', { cause: error })
      : error
  } finally {
    await file.close()
  }
  return { id: hash.digest('hex'), sizeBytes }
}

async function* read(
  path: string,
  id: string,
  offset: number,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw isMissing(error) ? new ArtelError('not-found', `no blob ${id}`, { cause: error }) : error
  })
  const hash = offset === 0 ? createHash('sha256') : undefined
  try {
    let position = offset
    while (true) {
      signal.throwIfAborted()
      const { bytesRead, buffer } = await file.read(
        Buffer.alloc(chunkBytes),
        0,
        chunkBytes,
        position,
      )
      if (bytesRead === 0) break
      position += bytesRead
      const bytes = buffer.subarray(0, bytesRead)
      hash?.update(bytes)
      yield bytes
    }
    if (hash !== undefined && hash.digest('hex') !== id) {
      throw new ArtelError('corrupt', `blob ${id} does not match its hash on this disk`)
    }
  } finally {
    await file.close()
  }
}

const sizeOf = async (directory: string): Promise<number> => {
  let bytes = 0
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  }
  return bytes
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined
const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT'
const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(String(codeOf(error)))
