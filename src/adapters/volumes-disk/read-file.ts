import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { ArtelError } from '#core/errors'
import { descend } from './directory.ts'
import { errnoOf } from './errors.ts'

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

/** What a path without a regular file at its end answers: nothing there, a link, a pipe, a socket. */
const noFile = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'])

/** The bytes of a regular file; undefined where none lies; 'too-large' beyond `bytesMax`. */
export const readSmallFile = async (
  rootPath: string,
  parts: readonly string[],
  bytesMax: number,
): Promise<Uint8Array | undefined> => {
  const last = parts.at(-1)
  if (last === undefined) return undefined
  try {
    await using parent = await descend(rootPath, parts.slice(0, -1))
    // Non-blocking, because opening a pipe would wait for its other end.
    await using file = await open(parent.at(last), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    if (!(await file.stat()).isFile()) return undefined
    const buffer = Buffer.alloc(bytesMax + 1)
    let size = 0
    while (size <= bytesMax) {
      const { bytesRead } = await file.read(buffer, size, buffer.length - size)
      if (bytesRead === 0) return Uint8Array.from(buffer.subarray(0, size))
      size += bytesRead
    }
  } catch (error) {
    if (noFile.has(errnoOf(error))) return undefined
    throw error
  }
  throw new ArtelError('too-large', `volume file ${parts.join('/')} is over ${bytesMax} bytes`)
}
