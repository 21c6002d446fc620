import { constants, type Stats } from 'node:fs'
import { open, readdir, readlink } from 'node:fs/promises'
import { ArtelError } from '#core/errors'
import { encodeTarHeader, type TarHeader, tarEnd, tarPadding } from '#core/tar-header'
import { type Directory, descend, entryState, openChild } from './directory.ts'
import { volumeFailure } from './errors.ts'

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants
const depthMax = 128
const blockBytes = 64 * 1024

const headerOf = (name: string, type: TarHeader['type'], state: Stats): TarHeader => ({
  name,
  type,
  mode: state.mode & 0o7777,
  uid: state.uid,
  gid: state.gid,
  mtime: state.mtimeMs / 1000,
  size: state.size,
})

/** Exactly as many bytes as the header says, whatever the container does to the file meanwhile. */
async function* packFile(
  parent: Directory,
  part: string,
  name: string,
): AsyncGenerator<Uint8Array> {
  await using file = await open(parent.at(part), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  const state = await file.stat()
  if (!state.isFile()) return
  yield encodeTarHeader(headerOf(name, 'file', state))
  for (let left = state.size; left > 0; ) {
    const block = Buffer.alloc(Math.min(blockBytes, left))
    const { bytesRead } = await file.read(block)
    const bytes = bytesRead === 0 ? block : block.subarray(0, bytesRead)
    left -= bytes.length
    yield bytes
  }
  yield tarPadding(state.size)
}

const nameOf = (raw: Buffer): string => {
  const name = raw.toString('utf8')
  if (Buffer.from(name).equals(raw)) return name
  const shown = raw.toString('latin1')
  throw new ArtelError('unsupported', `volume: the file name ${JSON.stringify(shown)} is not UTF-8`)
}

async function* packDirectory(
  directory: Directory,
  prefix: string,
  depth: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (depth > depthMax)
    throw new ArtelError('too-large', `volume: too deep at ${prefix.slice(0, 200)}`)
  const raw = await readdir(directory.at('.'), { encoding: 'buffer' })
  for (const part of raw.map(nameOf).sort()) {
    signal.throwIfAborted()
    const name = prefix + part
    const state = await entryState(directory, part)
    if (state?.isFile() === true) {
      yield* packFile(directory, part, name)
    } else if (state?.isSymbolicLink() === true) {
      const linkname = await readlink(directory.at(part))
      yield encodeTarHeader({ ...headerOf(name, 'symlink', state), linkname })
    } else if (state?.isDirectory() === true) {
      yield encodeTarHeader(headerOf(`${name}/`, 'directory', state))
      await using child = await openChild(directory, part)
      yield* packDirectory(child, `${name}/`, depth + 1, signal)
    }
    // Sockets, pipes and devices are no content.
  }
}

/** What lies below `parts`, in the order of names; a file that vanishes under the reader fails the whole. */
export async function* packTar(
  rootPath: string,
  parts: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted()
  try {
    await using root = await descend(rootPath, parts)
    yield* packDirectory(root, '', 0, signal)
    yield tarEnd
  } catch (error) {
    throw signal.aborted ? signal.reason : volumeFailure(error, 'pack')
  }
}
