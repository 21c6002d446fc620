import { readdir, rmdir, unlink } from 'node:fs/promises'
import { ArtelError } from '#core/errors'
import { type Directory, entryState, openChild } from './directory.ts'

/** Directories held open at once; a deeper tree goes with its whole volume. */
const depthMax = 256

/** Removes everything in `directory`, following no link. */
export const clearDirectory = async (directory: Directory, depth = 0): Promise<void> => {
  if (depth > depthMax) throw new ArtelError('too-large', 'volume: directories too deep to remove')
  for (const name of await readdir(directory.at('.'), { encoding: 'buffer' })) {
    await removeEntry(directory, name, depth)
  }
}

/** Removes the entry `part` and all below it. */
export const removeEntry = async (
  parent: Directory,
  part: string | Buffer,
  depth = 0,
): Promise<void> => {
  const state = await entryState(parent, part)
  if (state === undefined) return
  if (!state.isDirectory()) return unlink(parent.at(part))
  {
    await using child = await openChild(parent, part)
    await clearDirectory(child, depth + 1)
  }
  await rmdir(parent.at(part))
}
