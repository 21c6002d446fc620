import { ArtelError } from '#core/errors'
import { encodeTarHeader, tarBlockBytes, tarEnd, tarPadding } from '#core/tar-header'
import { parseTarName } from '#core/tar-name'
import { ensureDirectory, namesIn, nodeAt, putNode, type Tree } from './tree.ts'

export type TarEntry = {
  readonly name: string
  /** The type flag: '0' file, '1' link, '2' symlink, '5' directory, others as they come. */
  readonly flag: string
  readonly mode: number
  readonly mtime: number
  readonly linkname: string
  readonly bytes: Uint8Array
}

const decoder = new TextDecoder()

const badTar = (why: string): ArtelError => new ArtelError('bad-request', `not a tar: ${why}`)

const textAt = (block: Uint8Array, at: number, length: number): string => {
  const field = block.subarray(at, at + length)
  const end = field.indexOf(0)
  return decoder.decode(end < 0 ? field : field.subarray(0, end))
}

const numberAt = (block: Uint8Array, at: number, length: number): number => {
  if (((block[at] ?? 0) & 0x80) !== 0) {
    return block.subarray(at + 1, at + length).reduce((sum, byte) => sum * 256 + byte, 0)
  }
  const value = Number.parseInt(textAt(block, at, length).trim() || '0', 8)
  if (Number.isNaN(value)) throw badTar('a number is none')
  return value
}

const checkSum = (block: Uint8Array): void => {
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0)
  if (sum !== numberAt(block, 148, 8)) throw badTar('a header does not add up')
}

const paxRecords = (bytes: Uint8Array): ReadonlyMap<string, string> => {
  const records = new Map<string, string>()
  for (const line of decoder.decode(bytes).split('\n')) {
    const match = /^\d+ ([^=]+)=(.*)$/.exec(line)
    if (match !== null) records.set(match[1] ?? '', match[2] ?? '')
  }
  return records
}

/** Hands out exact numbers of bytes of a stream. */
const createTaker = (source: AsyncIterable<Uint8Array>) => {
  const chunks = source[Symbol.asyncIterator]()
  let held = new Uint8Array(0)
  return async (count: number): Promise<Uint8Array | undefined> => {
    while (held.length < count) {
      const next = await chunks.next()
      if (next.done === true) {
        if (held.length === 0) return undefined
        throw badTar('it breaks off')
      }
      const joined = new Uint8Array(held.length + next.value.length)
      joined.set(held)
      joined.set(next.value, held.length)
      held = joined
    }
    const taken = held.slice(0, count)
    held = held.slice(count)
    return taken
  }
}

/** The entries of a tar (ustar with pax names), held whole one at a time; `bytesMax` bounds each. */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<TarEntry> {
  const take = createTaker(source)
  let pax: ReadonlyMap<string, string> = new Map()
  for (;;) {
    const block = await take(tarBlockBytes)
    if (block === undefined || block.every((byte) => byte === 0)) return
    checkSum(block)
    const flag = textAt(block, 156, 1) || '0'
    const size = numberAt(block, 124, 12)
    if (size > bytesMax) throw new ArtelError('too-large', `tar: an entry of ${size} bytes`)
    const bytes = size === 0 ? new Uint8Array(0) : await take(size)
    if (bytes === undefined) throw badTar('it breaks off')
    const { length } = tarPadding(size)
    if (length > 0) await take(length)
    if (flag === 'x' || flag === 'g') {
      pax = flag === 'x' ? paxRecords(bytes) : pax
      continue
    }
    yield {
      name: pax.get('path') ?? textAt(block, 0, 100),
      flag,
      mode: numberAt(block, 100, 8),
      mtime: numberAt(block, 136, 12),
      linkname: pax.get('linkpath') ?? textAt(block, 157, 100),
      bytes,
    }
    pax = new Map()
  }
}

const refuse = (name: string): ArtelError =>
  new ArtelError('bad-request', `tar entry ${JSON.stringify(name.slice(0, 200))} is refused`)

/** Puts one entry below `base`; the same rules as on disk. */
export const placeEntry = (tree: Tree, base: readonly string[], entry: TarEntry): void => {
  const parts = parseTarName(entry.name)
  if (parts === undefined) throw refuse(entry.name)
  if (parts.length === 0) return
  const place = [...base, ...parts]
  const makeParent = (): void => {
    const parent = place.slice(0, -1)
    if (nodeAt(tree, parent)?.kind !== 'directory') ensureDirectory(tree, parent, 0o755)
  }
  const { mode, mtime, bytes } = entry
  if (entry.flag === '0' || entry.flag === '7') {
    makeParent()
    putNode(tree, place, { kind: 'file', mode: mode & 0o777, mtime, bytes })
  } else if (entry.flag === '5') {
    ensureDirectory(tree, place, mode & 0o1777)
  } else if (entry.flag === '2' && entry.linkname !== '') {
    makeParent()
    putNode(tree, place, { kind: 'symlink', target: entry.linkname })
  } else if (entry.flag === '1') {
    const source = parseTarName(entry.linkname)
    const node = source === undefined ? undefined : nodeAt(tree, [...base, ...source])
    if (node?.kind !== 'file') throw refuse(entry.linkname)
    makeParent()
    putNode(tree, place, node)
  } else {
    throw refuse(entry.name)
  }
}

/** The tar of a node and all below it, its names beginning with `name`; '' leaves the node itself out. */
function* packNode(tree: Tree, parts: readonly string[], name: string): Generator<Uint8Array> {
  const node = nodeAt(tree, parts)
  if (node === undefined) return
  const own = { mode: 0o777, uid: 0, gid: 0, mtime: 0, size: 0 }
  if (node.kind === 'file') {
    const { mode, mtime, bytes } = node
    yield encodeTarHeader({ ...own, name, type: 'file', mode, mtime, size: bytes.length })
    yield bytes
    yield tarPadding(bytes.length)
  } else if (node.kind === 'symlink') {
    yield encodeTarHeader({ ...own, name, type: 'symlink', linkname: node.target })
  } else {
    if (name !== '')
      yield encodeTarHeader({ ...own, name: `${name}/`, type: 'directory', mode: node.mode })
    for (const child of namesIn(tree, parts)) {
      yield* packNode(tree, [...parts, child], name === '' ? child : `${name}/${child}`)
    }
  }
}

export async function* packTree(
  tree: Tree,
  parts: readonly string[],
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const piece of packNode(tree, parts, name)) {
    signal.throwIfAborted()
    if (piece.length > 0) yield piece
  }
  yield tarEnd
}
