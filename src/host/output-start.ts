import { encodeOutputFrame, type OutputFrame, outputHeaderBytes } from '#protocol/output'

/**
 * A place to begin reading output: `lead` stands for the bytes of the spool from `offset` to
 * `offset + lead.length`. It differs from them only where reading begins in the middle of a frame: then it is
 * a header of its own for the frame's rest, so that all later offsets stay what they are.
 */
export type OutputStart = { readonly offset: number; readonly lead: Uint8Array }

const nothing = new Uint8Array(0)
const newline = 0x0a

export const startAt = (offset: number): OutputStart => ({ offset, lead: nothing })

type LineStart = Pick<OutputFrame, 'stream' | 'atMs'> & {
  readonly frameEnd: number
  /** Bytes of the frame from the line's beginning on. */
  readonly restBytes: number
}

const startOf = ({ stream, atMs, frameEnd, restBytes }: LineStart): OutputStart => ({
  offset: frameEnd - restBytes - outputHeaderBytes,
  lead: encodeOutputFrame({ stream, atMs, bytes: new Uint8Array(restBytes) }).slice(
    0,
    outputHeaderBytes,
  ),
})

/** Finds a beginning while all frames pass by in order. */
export type StartFinder = {
  readonly push: (frame: OutputFrame, frameEnd: number) => void
  readonly find: (end: number) => OutputStart
}

/** Finds where the last `lines` lines begin. */
export const createTailFinder = (lines: number): StartFinder => {
  let starts: LineStart[] = []
  let atLineStart = true
  const add = (start: LineStart): void => {
    starts.push(start)
    // Trims in bulk: shifting one by one would move the whole list each time.
    if (starts.length > 2 * lines + 1024) starts = starts.slice(-lines)
  }
  return {
    push: ({ stream, atMs, bytes }, frameEnd) => {
      if (lines === 0) return
      let at = 0
      while (at < bytes.length) {
        if (atLineStart) add({ stream, atMs, frameEnd, restBytes: bytes.length - at })
        const found = bytes.indexOf(newline, at)
        atLineStart = found !== -1
        at = found === -1 ? bytes.length : found + 1
      }
    },
    find: (end) => {
      const first = lines === 0 ? undefined : starts.slice(-lines)[0]
      return first === undefined ? startAt(end) : startOf(first)
    },
  }
}

/** Finds the first frame of `sinceMs` or later. */
export const createSinceFinder = (sinceMs: number): StartFinder => {
  let found: number | undefined
  return {
    push: (frame, frameEnd) => {
      if (found !== undefined || frame.atMs < sinceMs) return
      found = frameEnd - frame.bytes.length - outputHeaderBytes
    },
    find: (end) => startAt(found ?? end),
  }
}
