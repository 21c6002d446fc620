import { createReadStream } from 'node:fs'
import { access, constants, lstat, readdir, readlink, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ArtelError } from '#core/errors'
import { encodeTarHeader, type TarHeader, tarEnd, tarPadding } from '#core/tar-header'

export type Found = { readonly path: string; readonly header: TarHeader }

/** A problem of one path in words, before anything was spent. */
const unreadable = (path: string, cause: NodeJS.ErrnoException): ArtelError => {
  const why =
    cause.code === 'ENOENT'
      ? 'no such file or directory'
      : cause.code === 'EACCES'
        ? 'permission denied'
        : cause.message
  return new ArtelError('bad-request', `cannot read ${path}: ${why}`, { cause })
}

/**
 * Everything below `source`, in order of names: for a directory what lies in it, for a file the file under
 * `fileName`. Links stay links. Throws 'bad-request' for what cannot be read or carried.
 */
export const scan = async (source: string, fileName?: string): Promise<readonly Found[]> => {
  try {
    const top = await stat(source)
    const found: Found[] = []
    if (top.isDirectory()) await scanDirectory(source, '', found)
    else found.push(await scanOne(source, fileName ?? basename(source), true))
    return found
  } catch (error) {
    if (error instanceof ArtelError) throw error
    throw unreadable(source, error instanceof Error ? error : new Error(String(error)))
  }
}

const scanDirectory = async (path: string, prefix: string, found: Found[]): Promise<void> => {
  const names = await readdir(path).catch((cause) => {
    throw unreadable(path, cause)
  })
  for (const name of names.sort()) {
    const one = await scanOne(join(path, name), `${prefix}${name}`, false)
    found.push(one)
    if (one.header.type === 'directory') await scanDirectory(one.path, one.header.name, found)
  }
}

const scanOne = async (path: string, name: string, follow: boolean): Promise<Found> => {
  const info = await (follow ? stat(path) : lstat(path))
  const mtime = Math.floor(info.mtimeMs / 1000)
  const header = { name, mode: info.mode & 0o7777, mtime, uid: 0, gid: 0, size: 0 }
  if (info.isDirectory())
    return { path, header: { ...header, name: `${name}/`, type: 'directory' } }
  if (info.isSymbolicLink()) {
    return { path, header: { ...header, type: 'symlink', linkname: await readlink(path) } }
  }
  if (!info.isFile()) {
    throw new ArtelError('bad-request', `cannot send ${path}: it is a socket, device or pipe`)
  }
  await access(path, constants.R_OK).catch((cause) => {
    throw unreadable(path, cause)
  })
  return { path, header: { ...header, type: 'file', size: info.size } }
}

/** The bytes that the files of a scan have together. */
export const sizeOf = (found: readonly Found[]): number =>
  found.reduce((sum, { header }) => sum + header.size, 0)

/** A scan as a tar, streamed. Throws 'conflict' when a file changes its size meanwhile. */
export async function* packTar(found: readonly Found[]): AsyncGenerator<Uint8Array> {
  for (const { path, header } of found) {
    yield encodeTarHeader(header)
    if (header.type !== 'file' || header.size === 0) continue
    yield* exactly(path, header.size)
    yield tarPadding(header.size)
  }
  yield tarEnd
}

/** The first `size` bytes of a file: what its header announced. */
export async function* exactly(path: string, size: number): AsyncGenerator<Uint8Array> {
  let seen = 0
  for await (const chunk of createReadStream(path, { end: size - 1 })) {
    seen += chunk.length
    yield chunk
  }
  if (seen < size) throw new ArtelError('conflict', `${path} shrank while it was sent`)
}
