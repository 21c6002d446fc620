import { ArtelError } from '#core/errors'
import type { Random } from '#ports/random'

/** Chance that a seed repeats. */
export type SeededRandom = Random & {
  /** A stream of its own: depends on this one's seed and on `name`, not on what was drawn before. */
  readonly fork: (name: string) => SeededRandom
  /** A number, 0 <= x < 1. */
  readonly fraction: () => number
}

const word = 2 ** 32

/** A word from the whole text and `salt` (FNV-1a with the finaliser of MurmurHash3). */
const wordOf = (text: string, salt: number): number => {
  let hash = 0x811c9dc5 ^ salt
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** sfc32 of PractRand (http://pracrand.sourceforge.net): 128 bits of state, 32 bits a step. */
const sfc32 = (seed: string): (() => number) => {
  let a = wordOf(seed, 0x9e3779b9)
  let b = wordOf(seed, 0x243f6a88)
  let c = wordOf(seed, 0xb7e15162)
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let warmUp = 0; warmUp < 16; warmUp += 1) next()
  return next
}

/** The same seed gives the same draws, on every machine. */
export const createSeededRandom = (seed: number | string): SeededRandom => {
  const next = sfc32(String(seed))
  const below2To53 = (): number => (next() >>> 11) * word + next()
  const integer = (bound: number): number => {
    if (!Number.isSafeInteger(bound) || bound < 1) {
      throw new ArtelError('internal', `no whole number lies in 0 <= n < ${bound}`)
    }
    const [draw, range] = bound <= word ? [next, word] : [below2To53, 2 ** 53]
    // Draws from the incomplete last stretch of the range would favour small numbers.
    const fair = range - (range % bound)
    let drawn = draw()
    while (drawn >= fair) drawn = draw()
    return drawn % bound
  }
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    integer,
    fraction: () => below2To53() / 2 ** 53,
    fork: (name) => createSeededRandom(`${seed}/${name}`),
  }
}
