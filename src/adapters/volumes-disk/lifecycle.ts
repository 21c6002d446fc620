import { mkdir, readdir, rm, rmdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { ArtelError } from '#core/errors'
import type { Volumes } from '#ports/volumes'
import { errnoOf, guarded } from './errors.ts'
import { checkImage, isMounted, makeImage, mountImage, unmount } from './loop-mount.ts'

/** ext4 needs room for itself. */
const sizeBytesMin = 1024 * 1024
const reopenMs = 60_000

/** An id that is a sound file name; throws 'bad-request'. */
export const checkId = (id: string): string => {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(id)) return id
  throw new ArtelError('bad-request', `volume id ${JSON.stringify(id.slice(0, 200))} is not sound`)
}

/** Whether anything lies at a path of the node's own. */
export const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Where volumes lie. */
export type Store = {
  readonly sized: boolean
  readonly pathOf: (id: string) => string
  readonly imageOf: (id: string) => string
}

/** Making, finding and removing volumes below `directory`. */
export const createLifecycle = (
  store: Store,
  directory: string,
): Pick<Volumes, 'create' | 'open' | 'remove' | 'ids'> => ({
  create: (id, sizeBytes, signal) =>
    guarded(id, async () => {
      const path = store.pathOf(checkId(id))
      const { bavail, bsize } = await statfs(directory)
      if (bavail * bsize < sizeBytes)
        throw new ArtelError('out-of-disk', `no ${sizeBytes} bytes for volume ${id}`)
      try {
        await mkdir(path, { mode: 0o755 })
      } catch (error) {
        if (errnoOf(error) === 'EEXIST') throw new ArtelError('conflict', `volume ${id} exists`)
        throw error
      }
      if (!store.sized) return { id, path }
      try {
        await makeImage(store.imageOf(id), Math.max(sizeBytes, sizeBytesMin), signal)
        await mountImage(store.imageOf(id), path, signal)
        await rmdir(join(path, 'lost+found'))
      } catch (error) {
        if (await isMounted(path)) await unmount(path, AbortSignal.timeout(reopenMs))
        await rm(store.imageOf(id), { force: true })
        await rmdir(path)
        throw error
      }
      return { id, path }
    }),

  open: (id) =>
    guarded(id, async () => {
      const path = store.pathOf(checkId(id))
      if (!(await exists(path))) return undefined
      const image = store.imageOf(id)
      // A node that died while it made the volume leaves a directory without a file system.
      if (store.sized && !(await exists(image))) return undefined
      // After a restart of the machine the image is there but not mounted.
      if ((await exists(image)) && !(await isMounted(path))) {
        const signal = AbortSignal.timeout(reopenMs)
        await checkImage(image, signal)
        await mountImage(image, path, signal)
      }
      return { id, path }
    }),

  remove: (id, signal) =>
    guarded(id, async () => {
      const path = store.pathOf(checkId(id))
      while (await isMounted(path)) await unmount(path, signal)
      await rm(store.imageOf(id), { force: true })
      await rm(path, { recursive: true, force: true })
    }),

  ids: () =>
    guarded('list', async () => {
      const entries = await readdir(directory, { withFileTypes: true })
      return entries
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map((entry) => entry.name)
        .sort()
    }),
})
