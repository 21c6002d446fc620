import {
  appendToSegment,
  loadSegments,
  readFromSegment,
  removeSegment,
  type Segment,
} from './segments.ts'

/** The bytes of a spool as a row of files; knows nothing of readers and bounds. */
export type SegmentLog = {
  readonly start: () => number
  readonly end: () => number
  /** How many bytes the segment that is written now still takes. */
  readonly room: () => number
  /** Where the oldest segment ends. */
  readonly oldestEnd: () => number
  /** At most `room()` bytes. */
  readonly append: (bytes: Uint8Array) => Promise<void>
  readonly dropOldest: () => Promise<void>
  /** Undefined where nothing is held at `offset`. */
  readonly read: (offset: number, bytesMax: number) => Promise<Uint8Array | undefined>
}

const endOf = (segment: Segment): number => segment.start + segment.size

export const openSegmentLog = async (
  directory: string,
  segmentBytes: number,
): Promise<SegmentLog> => {
  const segments = await loadSegments(directory)
  const start = (): number => segments[0]?.start ?? 0
  const end = (): number => {
    const last = segments.at(-1)
    return last === undefined ? 0 : endOf(last)
  }
  const active = (): Segment => {
    const last = segments.at(-1)
    if (last !== undefined && last.size < segmentBytes) return last
    const next = { start: end(), size: 0 }
    segments.push(next)
    return next
  }
  return {
    start,
    end,
    room: () => segmentBytes - active().size,
    oldestEnd: () => (segments[0] === undefined ? 0 : endOf(segments[0])),
    append: (bytes) => appendToSegment(directory, active(), bytes),
    dropOldest: async () => {
      const oldest = segments[0]
      if (oldest === undefined) return
      // An empty successor keeps the offset when the only segment goes.
      if (segments.length === 1) segments.push({ start: end(), size: 0 })
      segments.shift()
      await removeSegment(directory, oldest)
    },
    read: async (offset, bytesMax) => {
      const held = segments.findLast((one) => one.start <= offset && offset < endOf(one))
      return held === undefined ? undefined : readFromSegment(directory, held, offset, bytesMax)
    },
  }
}
