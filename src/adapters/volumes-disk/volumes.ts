import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ArtelError } from '#core/errors'
import type { Volumes } from '#ports/volumes'
import { createContents } from './contents.ts'
import { checkId, createLifecycle, exists, type Store } from './lifecycle.ts'
import { canMount } from './loop-mount.ts'

const imageSuffix = '.img'

/**
 * Volumes below `directory`, which is the node's alone. Where this process may mount loop devices each is an
 * ext4 of its own size, elsewhere a plain directory. Throws 'unsupported' without /proc (not Linux).
 */
export const createDiskVolumes = async (options: {
  readonly directory: string
}): Promise<Volumes> => {
  if (!(await exists('/proc/self/fd'))) {
    throw new ArtelError('unsupported', 'volumes need Linux: /proc/self/fd is missing')
  }
  const directory = resolve(options.directory)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const store: Store = {
    sized: await canMount(directory),
    pathOf: (id) => join(directory, id),
    imageOf: (id) => join(directory, id + imageSuffix),
  }
  return {
    sized: store.sized,
    ...createLifecycle(store, directory),
    ...createContents((volume) => store.pathOf(checkId(volume.id))),
  }
}
