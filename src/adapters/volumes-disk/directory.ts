import { constants, type Stats } from 'node:fs'
import { chmod, type FileHandle, lstat, mkdir, open } from 'node:fs/promises'
import { errnoOf } from './errors.ts'

/**
 * A directory held open. Names below it are reached through its descriptor, one part at a time and never
 * through a link, so that a container that swaps directories for links meanwhile leads nowhere else.
 */
export type Directory = {
  readonly handle: FileHandle
  /**
   * A path for the next system call alone, valid while the directory is open. Bytes, because a container may
   * use names that are no text; '.' is the directory itself.
   */
  readonly at: (part: string | Buffer) => Buffer
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants

const hold = (handle: FileHandle): Directory => ({
  handle,
  at: (part) =>
    Buffer.concat([
      Buffer.from(`/proc/self/fd/${handle.fd}/`),
      typeof part === 'string' ? Buffer.from(part) : part,
    ]),
  [Symbol.asyncDispose]: () => handle.close(),
})

/** Opens a path of the node's own, whose parents no container can change. */
const openRoot = async (path: string): Promise<Directory> =>
  hold(await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))

/** Opens the directory `part` of `parent`; a link is ELOOP or ENOTDIR. */
export const openChild = async (parent: Directory, part: string | Buffer): Promise<Directory> =>
  hold(await open(parent.at(part), O_RDONLY | O_DIRECTORY | O_NOFOLLOW))

/** The state of the entry itself, never of what a link names; undefined where there is none. */
export const entryState = async (
  parent: Directory,
  part: string | Buffer,
): Promise<Stats | undefined> => {
  try {
    return await lstat(parent.at(part))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Opens the directory `part`, made with `mode` where there is none. */
export const ensureChild = async (
  parent: Directory,
  part: string,
  mode: number,
): Promise<Directory> => {
  try {
    await mkdir(parent.at(part), { mode })
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    return openChild(parent, part)
  }
  const made = await openChild(parent, part)
  // The process's own umask shall not show.
  await chmod(made.at('.'), mode)
  return made
}

/** Opens the directory at `parts` below `root`, each step with `step`; the caller closes it. */
export const descend = async (
  rootPath: string,
  parts: readonly string[],
  step: (parent: Directory, part: string) => Promise<Directory> = openChild,
): Promise<Directory> => {
  let current = await openRoot(rootPath)
  for (const part of parts) {
    await using parent = current
    current = await step(parent, part)
  }
  return current
}
