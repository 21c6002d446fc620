import {
  appendToSegment,
  loadSegments,
  openSegment,
  type ReadFile,
  readSegment,
  removeSegment,
  type Segment,
  type SegmentFile,
} from './segments.ts'

/** The bytes of a spool as a row of files; knows nothing of readers and bounds. */
export type SegmentLog = {
  readonly start: () => number
  readonly end: () => number
  /** Where the oldest segment ends. */
  readonly oldestEnd: () => number
  /** Puts all of it into one segment: a new one where the newest would grow beyond its size. */
  readonly append: (bytes: Uint8Array) => Promise<void>
  readonly dropOldest: () => Promise<void>
  readonly reader: () => SegmentReader
  /** Nothing more is appended; idempotent. */
  readonly close: () => Promise<void>
}

/** Keeps the file open that it reads. */
export type SegmentReader = AsyncDisposable & {
  /** Undefined where nothing is held at `offset`. */
  readonly read: (offset: number, bytesMax: number) => Promise<Uint8Array | undefined>
}

const endOf = (segment: Segment): number => segment.start + segment.size

const createReader = (directory: string, segments: readonly Segment[]): SegmentReader => {
  let open: { readonly segment: Segment; readonly file: ReadFile } | undefined
  const close = async (): Promise<void> => {
    const last = open
    open = undefined
    await last?.file.close()
  }
  return {
    read: async (offset, bytesMax) => {
      const held = segments.findLast((one) => one.start <= offset && offset < endOf(one))
      if (held === undefined) return
      if (open?.segment !== held) {
        await close()
        open = { segment: held, file: await openSegment(directory, held) }
      }
      return readSegment(open.file, held, offset, bytesMax)
    },
    [Symbol.asyncDispose]: close,
  }
}

export const openSegmentLog = async (
  directory: string,
  segmentBytes: number,
): Promise<SegmentLog> => {
  const segments = await loadSegments(directory)
  let written: { readonly segment: Segment; readonly file: SegmentFile } | undefined
  const start = (): number => segments[0]?.start ?? 0
  const end = (): number => {
    const last = segments.at(-1)
    return last === undefined ? 0 : endOf(last)
  }
  const active = (bytes: number): Segment => {
    const last = segments.at(-1)
    if (last !== undefined && (last.size === 0 || last.size + bytes <= segmentBytes)) return last
    const next = { start: end(), size: 0 }
    segments.push(next)
    return next
  }
  const close = async (): Promise<void> => {
    const last = written
    written = undefined
    await last?.file.close()
  }
  return {
    start,
    end,
    oldestEnd: () => (segments[0] === undefined ? 0 : endOf(segments[0])),
    append: async (bytes) => {
      const segment = active(bytes.length)
      if (written?.segment !== segment) {
        await close()
        written = { segment, file: await appendToSegment(directory, segment) }
      }
      await written.file.append(bytes)
    },
    dropOldest: async () => {
      const oldest = segments[0]
      if (oldest === undefined) return
      // An empty successor keeps the offset when the only segment goes.
      if (segments.length === 1) segments.push({ start: end(), size: 0 })
      segments.shift()
      await removeSegment(directory, oldest)
    },
    reader: () => createReader(directory, segments),
    close,
  }
}
