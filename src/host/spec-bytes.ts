import type { RunSpec } from '#core/manifest'

/** Specifications of one lease's runs that are kept: they stay in memory. */
export const specBytesPerLeaseMax = 8 * 1024 * 1024

const lengthOf = (words: readonly string[] = []): number =>
  words.reduce((sum, word) => sum + word.length, 0)

/** About what a specification takes of this node's memory. */
export const specBytes = ({ command, entrypoint, env, labels }: RunSpec): number =>
  lengthOf(command) + lengthOf(entrypoint) + lengthOf(env) + lengthOf(Object.values(labels))
