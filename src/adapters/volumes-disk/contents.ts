import { constants } from 'node:fs'
import { open, readdir, rename } from 'node:fs/promises'
import { ArtelError } from '#core/errors'
import { parseVolumePath } from '#core/tar-name'
import type { Volume, Volumes } from '#ports/volumes'
import { descend, ensureChild } from './directory.ts'
import { errnoOf, guarded } from './errors.ts'
import { packTar } from './pack.ts'
import { readSmallFile } from './read-file.ts'
import { clearDirectory, removeEntry } from './remove-tree.ts'
import { unpackTar } from './unpack.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants

const partsOf = (path: string): readonly string[] => {
  const parts = parseVolumePath(path)
  if (parts !== undefined) return parts
  throw new ArtelError(
    'bad-request',
    `volume path ${JSON.stringify(path.slice(0, 200))} is not sound`,
  )
}

type Contents = Omit<Volumes, 'sized' | 'create' | 'open' | 'remove' | 'ids'>

/** Reading and writing inside volumes. `rootOf` derives the path from the id, so that no caller can name another place. */
export const createContents = (rootOf: (volume: Volume) => string): Contents => ({
  makeDirectory: (volume, directory, mode) =>
    guarded(`${volume.id}/${directory}`, async () => {
      await using made = await descend(rootOf(volume), partsOf(directory), (parent, part) =>
        ensureChild(parent, part, 0o755),
      )
      await made.handle.chmod(mode)
    }),

  unpack: (volume, directory, tar, limits, signal) =>
    unpackTar({ rootPath: rootOf(volume), base: partsOf(directory) }, tar, limits, signal),

  pack: (volume, directory, signal) => packTar(rootOf(volume), partsOf(directory), signal),

  writeFile: (volume, path, bytes, mode) =>
    guarded(`${volume.id}/${path}`, async () => {
      const parts = partsOf(path)
      const last = parts.at(-1)
      if (last === undefined) throw new ArtelError('bad-request', 'a file needs a name')
      await using parent = await descend(rootOf(volume), parts.slice(0, -1))
      // Written aside and renamed: what lies under the name now, a link or a pipe, is never opened.
      const aside = `.${last.slice(0, 200)}.artel-new`
      await removeEntry(parent, aside)
      const file = await open(parent.at(aside), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
      try {
        await file.writeFile(bytes)
        await file.chmod(mode)
      } finally {
        await file.close()
      }
      await rename(parent.at(aside), parent.at(last))
    }),

  readFile: (volume, path, bytesMax) =>
    guarded(`${volume.id}/${path}`, () => readSmallFile(rootOf(volume), partsOf(path), bytesMax)),

  holdsAnything: (volume, directory) =>
    guarded(`${volume.id}/${directory}`, async () => {
      const parts = partsOf(directory)
      await using held = await descend(rootOf(volume), parts).catch((error: unknown) => {
        if (errnoOf(error) === 'ENOENT') return undefined
        throw error
      })
      if (held === undefined) return false
      return (await readdir(held.at('.'), { encoding: 'buffer' })).length > 0
    }),

  removeDirectory: (volume, directory) =>
    guarded(`${volume.id}/${directory}`, async () => {
      const parts = partsOf(directory)
      const last = parts.at(-1)
      await using parent = await descend(rootOf(volume), parts.slice(0, -1))
      if (last === undefined) throw new ArtelError('bad-request', 'the root is not removed')
      await removeEntry(parent, last)
    }),

  emptyDirectory: (volume, directory) =>
    guarded(`${volume.id}/${directory}`, async () => {
      await using held = await descend(rootOf(volume), partsOf(directory))
      await clearDirectory(held)
    }),
})
