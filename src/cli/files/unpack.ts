import { constants } from 'node:fs'
import { copyFile, lstat, mkdir, open, rm, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { extract as createExtract, type Extract, type Header } from 'tar-stream'
import { ArtelError } from '#core/errors'
import { makeFolders } from './make-folders.ts'

/** Where an entry goes: the parts of its path below the destination, or undefined to leave it out. */
export type Rename = (
  parts: readonly string[],
  type: Header['type'],
) => readonly string[] | undefined

type Entry = AsyncIterable<Uint8Array> & { readonly header: Header; readonly resume: () => unknown }

export type Unpacked = { readonly files: number; readonly bytes: number }

const entriesMax = 10_000_000

/**
 * Unpacks a tar from a stranger below `destination`: no entry leads outside, through a link or by its name;
 * files and links replace what is there, directories join it; devices and the like are left out; owners, setuid
 * and setgid are dropped. Throws 'corrupt' for a bad tar, 'conflict' where a directory and a file clash.
 */
export const unpackTar = async (
  tar: AsyncIterable<Uint8Array>,
  destination: string,
  rename: Rename = (parts) => parts,
): Promise<Unpacked> => {
  const extract = createExtract()
  const feeding = feed(extract, tar)
  let fault: unknown
  feeding.catch((error) => {
    fault = error
  })
  let files = 0
  let bytes = 0
  let entries = 0
  try {
    for await (const source of extract) {
      const entry = readable(source)
      entries += 1
      if (entries > entriesMax) throw new ArtelError('too-large', 'the tar has too many entries')
      const parts = rename(safeParts(entry.header.name), entry.header.type)
      if (parts === undefined) entry.resume()
      else bytes += await place(entry, destination, parts, rename)
      if (entry.header.type === 'file') files += 1
    }
    await feeding
  } catch (error) {
    extract.destroy(null)
    throw explained(fault ?? error, destination)
  }
  return { files, bytes }
}

/** The stream library types its entries by another library; they are async iterables of bytes. */
const readable = (source: unknown): Entry => {
  if (isEntry(source)) return source
  throw new ArtelError('internal', 'the tar reader gave no entry')
}

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' &&
  value !== null &&
  'header' in value &&
  'resume' in value &&
  Symbol.asyncIterator in value

/** Hands the tar on as fast as it is read. */
const feed = async (extract: Extract, tar: AsyncIterable<Uint8Array>): Promise<void> => {
  let gone = false
  const closed = new Promise<void>((resolve) => {
    extract.on('close', () => {
      gone = true
      resolve()
    })
  })
  try {
    for await (const chunk of tar) {
      if (gone) return
      if (extract.write(chunk)) continue
      const drained = new Promise<void>((resolve) => extract.once('drain', () => resolve()))
      await Promise.race([drained, closed])
    }
    extract.end(undefined)
  } catch (error) {
    extract.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

const explained = (error: unknown, destination: string): unknown => {
  if (error instanceof ArtelError || !(error instanceof Error)) return error
  const code = 'code' in error ? error.code : undefined
  if (!('syscall' in error)) {
    return new ArtelError('corrupt', `the tar does not parse: ${error.message}`, { cause: error })
  }
  if (code === 'ENOSPC') {
    return new ArtelError('out-of-disk', `no space left below ${destination}`, { cause: error })
  }
  return new ArtelError('refused', `cannot write below ${destination}: ${error.message}`, {
    cause: error,
  })
}

/** The parts of an entry's name. Throws 'corrupt' for one that leads outside. */
export const safeParts = (name: string): readonly string[] => {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (name.startsWith('/') || name.includes('\0') || parts.includes('..')) {
    throw new ArtelError(
      'corrupt',
      `the tar has an entry that leads outside: ${name.slice(0, 200)}`,
    )
  }
  return parts
}

const place = async (
  entry: Entry,
  root: string,
  parts: readonly string[],
  rename: Rename,
): Promise<number> => {
  const { header } = entry
  const path = join(root, ...parts)
  if (header.type === 'directory') {
    await makeDirectory(root, parts, header.mode)
    entry.resume()
    return 0
  }
  if (header.type === 'file' || header.type === 'contiguous-file') {
    await makeDirectory(root, parts.slice(0, -1))
    return await writeFile(entry, path, header)
  }
  if (header.type === 'symlink') {
    await makeDirectory(root, parts.slice(0, -1))
    await makeWay(path)
    await symlink(header.linkname, path)
  }
  if (header.type === 'link') await copyLinked(root, header, path, parts, rename)
  // Devices and pipes have no use outside the container.
  entry.resume()
  return 0
}

/** Makes the directories of a path; a link on the way is refused, whoever put it there. */
const makeDirectory = async (
  root: string,
  parts: readonly string[],
  mode = 0o755,
): Promise<void> => {
  await makeFolders(root)
  for (let length = 1; length <= parts.length; length += 1) {
    const path = join(root, ...parts.slice(0, length))
    const found = await lstat(path).catch(ifAbsent)
    if (found?.isDirectory() === true) continue
    if (found !== undefined) {
      throw new ArtelError('conflict', `${path} is in the way: it is no directory`)
    }
    await mkdir(path, length === parts.length ? (mode & 0o777) | 0o700 : 0o755)
  }
}

/** A hard link becomes a copy of the file that it names, which came before it. */
const copyLinked = async (
  root: string,
  header: Header,
  path: string,
  parts: readonly string[],
  rename: Rename,
): Promise<void> => {
  const target = rename(safeParts(header.linkname), 'file')
  if (target === undefined) return
  await makeDirectory(root, target.slice(0, -1))
  const from = join(root, ...target)
  const found = await lstat(from).catch(ifAbsent)
  if (found?.isFile() !== true) {
    throw new ArtelError('corrupt', `the tar links to ${header.linkname}, which it does not hold`)
  }
  await makeDirectory(root, parts.slice(0, -1))
  await makeWay(path)
  await copyFile(from, path, constants.COPYFILE_EXCL)
}

const writeFile = async (entry: Entry, path: string, header: Header): Promise<number> => {
  await makeWay(path)
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, header.mode & 0o777)
  let bytes = 0
  try {
    for await (const chunk of entry) {
      await file.writeFile(chunk)
      bytes += chunk.length
    }
    await file.chmod(header.mode & 0o777)
  } finally {
    await file.close()
  }
  await utimes(path, header.mtime, header.mtime)
  return bytes
}

/** Removes a file or link that an entry replaces. */
const makeWay = async (path: string): Promise<void> => {
  const found = await lstat(path).catch(ifAbsent)
  if (found === undefined) return
  if (found.isDirectory()) {
    throw new ArtelError('conflict', `${path} is in the way: it is a directory`)
  }
  await rm(path)
}

const ifAbsent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === 'ENOENT') return undefined
  throw error
}
