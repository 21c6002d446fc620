import { randomBytes, randomInt } from 'node:crypto'
import type { Random } from '#ports/random'

/** Chance from the operating system. */
export const createSystemRandom = (): Random => ({
  bytes: (length) => new Uint8Array(randomBytes(length)),
  integer: (bound) => randomInt(bound),
})
