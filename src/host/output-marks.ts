/** How far known beginnings of frames lie apart: what a reader may lose besides what gave way. */
export const markEveryBytes = 64 * 1024

/**
 * Where frames begin in a spool that drops its oldest bytes without knowing of frames: marks, rising, of
 * which the ones that were dropped are forgotten.
 */
export type Marks = {
  /** A frame begins at `offset`; true when it became a mark. */
  readonly note: (offset: number) => boolean
  /** The first place at or after `start` where reading may begin, or undefined when none is known. */
  readonly alignedFrom: (start: number) => number | undefined
  /** Forgets marks before `start` and returns the rest. */
  readonly heldFrom: (start: number) => readonly number[]
}

export const createMarks = (known: readonly number[]): Marks => {
  const marks = [...known]
  return {
    note: (offset) => {
      const last = marks.at(-1)
      if (last !== undefined && offset < last + markEveryBytes) return false
      marks.push(offset)
      return true
    },
    alignedFrom: (start) => (start === 0 ? 0 : marks.find((mark) => mark >= start)),
    heldFrom: (start) => {
      const dropped = marks.findIndex((mark) => mark >= start)
      marks.splice(0, dropped === -1 ? marks.length : dropped)
      return [...marks]
    },
  }
}
