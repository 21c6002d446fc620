import { close, ftruncate, open, write } from 'node:fs'
import { type FileHandle, mkdir, open as openFile, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ArtelError } from '#core/errors'

const suffix = '.part'
const nameDigits = 16

/** A file of a spool: bytes `start` up to `start + size` of all ever appended. */
export type Segment = { readonly start: number; size: number }

/** A segment's file while it is written. A bare descriptor, since a spool may be left without a close. */
export type SegmentFile = {
  /** Appends, or leaves the segment as it was and throws. */
  readonly append: (bytes: Uint8Array) => Promise<void>
  readonly close: () => Promise<void>
}

export type ReadFile = FileHandle

const fileOf = (directory: string, segment: Segment): string =>
  join(directory, segment.start.toString().padStart(nameDigits, '0') + suffix)

const openDescriptor = promisify(open)
const closeDescriptor = promisify(close)
const truncate = promisify(ftruncate)
const writeSome = promisify(write)

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

const writeFailure = (file: string, cause: unknown): ArtelError => {
  const isFull = cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC'
  return new ArtelError(isFull ? 'out-of-disk' : 'internal', `cannot write ${file}`, { cause })
}

/** Opens the segment for appending. */
export const appendToSegment = async (
  directory: string,
  segment: Segment,
): Promise<SegmentFile> => {
  const file = fileOf(directory, segment)
  const descriptor = await openDescriptor(file, 'a', 0o600).catch((cause: unknown) => {
    throw writeFailure(file, cause)
  })
  return {
    append: async (bytes) => {
      try {
        for (let at = 0; at < bytes.length; ) {
          at += (await writeSome(descriptor, bytes, at, bytes.length - at)).bytesWritten
        }
      } catch (cause) {
        await truncate(descriptor, segment.size).catch(() => undefined)
        throw writeFailure(file, cause)
      }
      segment.size += bytes.length
    },
    close: () => closeDescriptor(descriptor),
  }
}

export const openSegment = (directory: string, segment: Segment): Promise<ReadFile> =>
  openFile(fileOf(directory, segment), 'r')

/** Up to `bytesMax` bytes from `offset`, which lies in the segment; fewer where it ends. */
export const readSegment = async (
  file: ReadFile,
  segment: Segment,
  offset: number,
  bytesMax: number,
): Promise<Uint8Array> => {
  const length = Math.min(bytesMax, segment.start + segment.size - offset)
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(length), {
    position: offset - segment.start,
  })
  return buffer.subarray(0, bytesRead)
}

export const removeSegment = (directory: string, segment: Segment): Promise<void> =>
  rm(fileOf(directory, segment), { force: true })
