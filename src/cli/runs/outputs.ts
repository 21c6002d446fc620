import { access, constants, open, realpath, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, posix, resolve } from 'node:path'
import { makeFolders } from '#cli/files/make-folders'
import type { OutputPlace } from '#cli/text/places'
import { ArtelError } from '#core/errors'
import { isFilePath } from '#core/output-path'
import type { Client } from '#sdk/client'

/** Makes sure that what a run leaves can be written, before anything is spent: makes the folders that it goes to. */
export const checkOutputs = async (places: readonly OutputPlace[]): Promise<void> => {
  for (const { path, destination } of places) {
    const folder = isFilePath(path) && !destination.endsWith('/') ? undefined : destination
    await checkWritable(destination, folder)
  }
}

/** Throws 'refused' when nothing can be written at `destination`; makes `folder`, or what is missing above it. */
export const checkWritable = async (destination: string, folder?: string): Promise<void> => {
  const path = resolve(destination)
  try {
    await makeFolders(folder ?? dirname(path))
    const found = await stat(path).catch(() => undefined)
    if (found === undefined) await tryFile(path)
    const into = found?.isDirectory() === true ? path : dirname(path)
    await access(into, constants.W_OK | constants.X_OK)
    if (found?.isFile() === true) await access(path, constants.W_OK)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ArtelError('refused', `cannot write to ${destination}: ${why}`, { cause })
  }
}

/** Some folders, such as those of /proc, say that they can be written and then take nothing. */
const tryFile = async (path: string): Promise<void> => {
  await (await open(path, 'wx')).close()
  await rm(path)
}

/** Brings the outputs of an ended run home. */
export const fetchOutputs = async (
  client: Client,
  name: string,
  places: readonly OutputPlace[],
): Promise<void> => {
  for (const [index, { path, destination }] of places.entries()) {
    const tar = await client.runs.output(name, index)
    await unpackAt(tar, posix.basename(path), destination, 'content')
  }
}

/**
 * Unpacks what an engine's archive of `top` holds. A folder's content goes into `destination`; with 'itself' it
 * keeps its name where `destination` exists already, as `docker cp` does. A file goes into an existing folder
 * under its name, else it becomes `destination`.
 */
export const unpackAt = async (
  tar: AsyncIterable<Uint8Array>,
  top: string,
  destination: string,
  folder: 'content' | 'itself',
): Promise<void> => {
  const { unpackTar } = await import('#cli/files/unpack')
  const found = await stat(destination).catch(() => undefined)
  const wanted = found === undefined ? resolve(destination) : await realpath(destination)
  const exists = found?.isDirectory() === true
  const inside = [basename(wanted), top]
  const plain = [basename(wanted)]
  let base = plain
  let first = true
  await unpackTar(tar, dirname(wanted), (parts, type) => {
    if (first) base = exists && (type !== 'directory' || folder === 'itself') ? inside : plain
    first = false
    return parts[0] === top ? [...base, ...parts.slice(1)] : undefined
  })
  if (first) throw new ArtelError('not-found', `${join('/', top)} left nothing`)
}
