import type { LogsQuery } from '#protocol/api/runs'
import type { OutputFrame } from '#protocol/output'
import type { RunOutput } from './run-output.ts'

const newline = 10

const linesIn = (bytes: Uint8Array): number => {
  let count = 0
  for (const byte of bytes) if (byte === newline) count += 1
  return count
}

/** Lines held now; a last line without its end counts. */
const countLines = async (
  output: RunOutput,
  sinceMs: number,
  signal: AbortSignal,
): Promise<number> => {
  let lines = 0
  let open = false
  for await (const { bytes, atMs } of output.frames(false, signal)) {
    if (atMs < sinceMs || bytes.length === 0) continue
    lines += linesIn(bytes)
    open = bytes.at(-1) !== newline
  }
  return lines + (open ? 1 : 0)
}

/** What is left of the bytes after `lines` line ends, and how many line ends are still to be skipped. */
const skipLines = (bytes: Uint8Array, lines: number): { rest: Uint8Array; lines: number } => {
  let left = lines
  let at = 0
  while (left > 0) {
    const end = bytes.indexOf(newline, at)
    if (end === -1) return { rest: bytes.subarray(bytes.length), lines: left }
    at = end + 1
    left -= 1
  }
  return { rest: bytes.subarray(at), lines: 0 }
}

/** The kept output of a run, from the last `tailLines` lines or from a time on. */
export async function* readLogs(
  output: RunOutput,
  { follow, tailLines, sinceMs = 0 }: LogsQuery,
  signal: AbortSignal,
): AsyncGenerator<OutputFrame> {
  const total = tailLines === undefined ? 0 : await countLines(output, sinceMs, signal)
  let toSkip = tailLines === undefined ? 0 : Math.max(0, total - tailLines)
  for await (const frame of output.frames(follow, signal)) {
    if (frame.atMs < sinceMs) continue
    if (toSkip === 0) {
      yield frame
      continue
    }
    const { rest, lines } = skipLines(frame.bytes, toSkip)
    toSkip = lines
    if (rest.length > 0) yield { ...frame, bytes: rest }
  }
}
