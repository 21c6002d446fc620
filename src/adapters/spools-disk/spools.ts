import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ArtelError } from '#core/errors'
import type { Spools } from '#ports/spools'
import { type DiskSpool, openDiskSpool } from './spool.ts'

const checkName = (name: string): string => {
  if (/^[a-z0-9-]{1,128}$/.test(name)) return name
  throw new ArtelError(
    'bad-request',
    `spool name ${JSON.stringify(name.slice(0, 200))} is not sound`,
  )
}

/** Spools as directories of segment files below `directory`, which is the node's alone. */
export const createDiskSpools = async (options: {
  readonly directory: string
}): Promise<Spools> => {
  const { directory } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  /** As many as the host has instances; each is left by `remove`. */
  const opened = new Map<string, Promise<DiskSpool>>()
  return {
    open: (name, bytesMax) => {
      const known = opened.get(checkName(name))
      if (known !== undefined) return known
      const opening = openDiskSpool(join(directory, name), bytesMax)
      opened.set(name, opening)
      opening.catch(() => opened.delete(name))
      return opening
    },
    remove: async (name) => {
      const known = opened.get(checkName(name))
      opened.delete(name)
      if (known !== undefined) await (await known).abandon()
      await rm(join(directory, name), { recursive: true, force: true })
    },
    names: async () => (await readdir(directory)).sort(),
  }
}
