import { constants } from 'node:fs'
import { chown, lchown, link, open, symlink } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract, type Header } from 'tar-stream'
import { ArtelError } from '#core/errors'
import { parseTarName } from '#core/tar-name'
import type { TarLimits } from '#ports/volumes'
import { type Directory, descend, ensureChild } from './directory.ts'
import { guarded, volumeFailure } from './errors.ts'
import { removeEntry } from './remove-tree.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants

const newDirectoryMode = 0o755
/** What is kept of a mode: setuid and setgid are dropped; the sticky bit means something to directories only. */
const fileModeMask = 0o777
const directoryModeMask = 0o1777
const linkNameMax = 4096

/** Only root may give files away; another user's node owns what it unpacks. */
const canChown = process.getuid?.() === 0

const bad = (name: string, why: string): ArtelError =>
  new ArtelError('bad-request', `tar entry ${JSON.stringify(name.slice(0, 200))} ${why}`)

const partsOf = (name: string): readonly string[] => {
  const parts = parseTarName(name)
  if (parts === undefined) throw bad(name, 'leads outside or is too long')
  return parts
}

type Place = { readonly rootPath: string; readonly base: readonly string[] }

/** Opens the parent of an entry, making directories that the tar left out, and names its last part. */
const openParent = async (
  place: Place,
  parts: readonly string[],
): Promise<{ readonly parent: Directory; readonly last: string }> => {
  const last = parts.at(-1)
  if (last === undefined) throw bad('.', 'names the root')
  const base = await descend(place.rootPath, place.base)
  let current = base
  for (const part of parts.slice(0, -1)) {
    await using parent = current
    current = await ensureChild(parent, part, newDirectoryMode)
  }
  return { parent: current, last }
}

const makeFile = async (
  parent: Directory,
  last: string,
  header: Header,
  content: AsyncIterable<unknown>,
): Promise<void> => {
  await removeEntry(parent, last)
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
  await using file = await open(parent.at(last), flags, 0o600)
  for await (const chunk of content) {
    if (chunk instanceof Uint8Array) await file.writeFile(chunk)
  }
  if (canChown) await file.chown(header.uid ?? 0, header.gid ?? 0)
  await file.chmod((header.mode ?? 0o644) & fileModeMask)
  const time = header.mtime ?? new Date(0)
  await file.utimes(time, time)
}

const makeDirectory = async (parent: Directory, last: string, header: Header): Promise<void> => {
  const mode = (header.mode ?? newDirectoryMode) & directoryModeMask
  await using made = await ensureChild(parent, last, mode)
  if (canChown) await chown(made.at('.'), header.uid ?? 0, header.gid ?? 0)
  await made.handle.chmod(mode)
}

const makeSymlink = async (parent: Directory, last: string, header: Header): Promise<void> => {
  const target = header.linkname ?? ''
  if (target === '' || target.length > linkNameMax) throw bad(header.name, 'links to nothing sound')
  await removeEntry(parent, last)
  await symlink(target, parent.at(last))
  if (canChown) await lchown(parent.at(last), header.uid ?? 0, header.gid ?? 0)
}

/** A second name for a file that lies below the same place. */
const makeHardLink = async (
  place: Place,
  parent: Directory,
  last: string,
  header: Header,
): Promise<void> => {
  const source = await openParent(place, partsOf(header.linkname ?? ''))
  await using from = source.parent
  await removeEntry(parent, last)
  await link(from.at(source.last), parent.at(last))
}

const makeEntry = async (
  place: Place,
  header: Header,
  content: AsyncIterable<unknown>,
): Promise<void> => {
  const parts = partsOf(header.name)
  if (parts.length === 0) return
  const { parent: opened, last } = await openParent(place, parts)
  await using parent = opened
  switch (header.type) {
    case 'file':
    case 'contiguous-file':
    case null:
    case undefined:
      return await makeFile(parent, last, header, content)
    case 'directory':
      return await makeDirectory(parent, last, header)
    case 'symlink':
      return await makeSymlink(parent, last, header)
    case 'link':
      return await makeHardLink(place, parent, last, header)
    default:
      throw bad(header.name, `is a ${header.type}, which no volume takes`)
  }
}

/** Unpacks `tar` below the directory `place.base`; what lies there under the same names is replaced. */
export const unpackTar = async (
  place: Place,
  tar: AsyncIterable<Uint8Array>,
  limits: TarLimits,
  signal: AbortSignal,
): Promise<void> => {
  signal.throwIfAborted()
  // The directory must exist before anything is read.
  await guarded('unpack', async () => (await descend(place.rootPath, place.base)).handle.close())
  const entries = extract()
  const feeding = pipeline(Readable.from(tar, { objectMode: false }), entries, { signal })
  // Its failure also ends the loop below, which throws it.
  feeding.catch(() => undefined)
  let count = 0
  let bytes = 0
  try {
    for await (const entry of entries) {
      count += 1
      bytes += entry.header.size ?? 0
      if (count > limits.entriesMax || bytes > limits.bytesMax) {
        throw new ArtelError(
          'too-large',
          `tar: over ${limits.entriesMax} entries or ${limits.bytesMax} bytes`,
        )
      }
      await makeEntry(place, entry.header, entry)
      entry.resume()
    }
    await feeding
  } catch (error) {
    entries.destroy()
    await feeding.catch(() => undefined)
    throw unpackFailure(error, signal)
  }
}

/** tar-stream complains in plain errors about what is no tar. */
const unpackFailure = (error: unknown, signal: AbortSignal): unknown => {
  if (signal.aborted) return signal.reason
  const mapped = volumeFailure(error, 'unpack')
  if (
    mapped instanceof Error &&
    /tar|end of data/i.test(mapped.message) &&
    !(mapped instanceof ArtelError)
  ) {
    return new ArtelError('bad-request', `not a tar: ${mapped.message}`, { cause: error })
  }
  return mapped
}
