import { type PeerId, parsePeerId } from '../../src/core/ids.ts'
import type { Random } from '../../src/ports/random.ts'

/** The same draws for the same seed (mulberry32). */
export const seededRandom = (seed: number): Random => {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    integer: (bound) => next() % bound,
  }
}

/** A peer id that has the shape of one and no key. */
export const testPeer = (index: number): PeerId => {
  const peer = parsePeerId(
    `16Uiu2HAm${'T'.repeat(38)}${String(index).replaceAll('0', 'z').padStart(6, 'A')}`,
  )
  if (peer === undefined) throw new Error('no peer id')
  return peer
}
