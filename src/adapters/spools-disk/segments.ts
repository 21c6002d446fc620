import { appendFile, mkdir, open, readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { ArtelError } from '#core/errors'

const suffix = '.part'
const nameDigits = 16

/** A file of a spool: bytes `start` up to `start + size` of all ever appended. */
export type Segment = { readonly start: number; size: number }

const fileOf = (directory: string, segment: Segment): string =>
  join(directory, segment.start.toString().padStart(nameDigits, '0') + suffix)

/** The segments on disk, oldest first; their names say where they begin, their lengths where they end. */
export const loadSegments = async (directory: string): Promise<Segment[]> => {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const names = (await readdir(directory)).filter((name) => name.endsWith(suffix)).sort()
  const segments: Segment[] = []
  for (const name of names) {
    const { size } = await stat(join(directory, name))
    segments.push({ start: Number(name.slice(0, nameDigits)), size })
  }
  return segments
}

/** Appends, or leaves the segment as it was and throws. */
export const appendToSegment = async (
  directory: string,
  segment: Segment,
  bytes: Uint8Array,
): Promise<void> => {
  const file = fileOf(directory, segment)
  try {
    await appendFile(file, bytes, { mode: 0o600 })
  } catch (cause) {
    const isFull = cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC'
    await truncate(file, segment.size).catch(() => undefined)
    throw new ArtelError(isFull ? 'out-of-disk' : 'internal', `cannot write ${file}`, { cause })
  }
  segment.size += bytes.length
}

/** Up to `bytesMax` bytes from `offset`, which lies in the segment; fewer where it ends. */
export const readFromSegment = async (
  directory: string,
  segment: Segment,
  offset: number,
  bytesMax: number,
): Promise<Uint8Array> => {
  await using file = await open(fileOf(directory, segment), 'r')
  const length = Math.min(bytesMax, segment.start + segment.size - offset)
  const { bytesRead, buffer } = await file.read(new Uint8Array(length), {
    position: offset - segment.start,
  })
  return buffer.subarray(0, bytesRead)
}

export const removeSegment = (directory: string, segment: Segment): Promise<void> =>
  rm(fileOf(directory, segment), { force: true })
