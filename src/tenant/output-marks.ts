import type { RunId } from '#core/ids'
import type { Records } from '#ports/records'
import { marksCodec } from '#protocol/tenant-records'

const table = 'run-marks'
/** How far known beginnings of frames lie apart: what a reader may miss besides what gave way. */
const markEveryBytes = 256 * 1024

/** Where frames begin in a run's spool, which drops its oldest bytes without knowing of frames. */
export type OutputMarks = {
  /** A frame begins at `offset`. */
  readonly note: (offset: number) => void
  /** The first place at or after `start` where reading may begin. */
  readonly alignedFrom: (start: number, end: number) => number
  readonly forget: () => void
}

export const openOutputMarks = (records: Records, run: RunId): OutputMarks => {
  const stored = records.get(table, run)
  let marks = stored === undefined ? [] : [...marksCodec.decode(stored, `${table}/${run}`)]
  return {
    note: (offset) => {
      const last = marks.at(-1)
      if (last !== undefined && offset < last + markEveryBytes) return
      marks.push(offset)
      records.put(table, run, marksCodec.encode(marks))
    },
    alignedFrom: (start, end) => {
      if (start === 0) return 0
      marks = marks.filter((mark) => mark >= start)
      return marks[0] ?? end
    },
    forget: () => records.delete(table, run),
  }
}
