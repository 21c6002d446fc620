import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** Everything that happened in a world, in order: two runs of one seed must give the same. */
export type Trace = {
  readonly record: (atMs: number, what: string) => void
  /** SHA-256 over all entries so far. */
  readonly hash: () => string
  readonly count: () => number
  /** The newest entries, oldest first. */
  readonly entries: () => readonly string[]
}

/** Where two traces part, or undefined where both hold the same. */
export const divergence = (a: Trace, b: Trace): string | undefined => {
  if (a.hash() === b.hash()) return undefined
  const [left, right] = [a.entries(), b.entries()]
  const index = left.findIndex((entry, at) => entry !== right[at])
  const at = index === -1 ? left.length : index
  return [
    `entry ${at} of ${a.count()} and ${b.count()}`,
    `  first:  ${left[at] ?? '(no more entries)'}`,
    `  second: ${right[at] ?? '(no more entries)'}`,
  ].join('\n')
}

export const createTrace = (entriesMax = 1_000_000): Trace => {
  const text = new TextEncoder()
  const sum = sha256.create()
  let kept: string[] = []
  let count = 0
  return {
    record: (atMs, what) => {
      const entry = `${atMs} ${what}`
      sum.update(text.encode(`${entry}\n`))
      count += 1
      kept.push(entry)
      if (kept.length >= 2 * entriesMax) kept = kept.slice(-entriesMax)
    },
    hash: () => bytesToHex(sum.clone().digest()),
    count: () => count,
    entries: () => kept.slice(-entriesMax),
  }
}
