import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder and its missing parents. Not by `mkdir` with `recursive`: that one never returns where the
 * system refuses with ENOENT, as below /proc.
 */
export const makeFolders = async (path: string): Promise<void> => {
  const missing: string[] = []
  let at = resolve(path)
  while (!(await exists(at))) {
    missing.unshift(at)
    at = dirname(at)
  }
  for (const one of missing) await mkdir(one).catch(unlessThere)
}

const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

const unlessThere = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EEXIST') throw error
}
