import { ArtelError } from '#core/errors'
import { encodeTarHeader, tarBlockBytes, tarEnd, tarPadding } from '#core/tar-header'
import { parseTarHeader, type TarEntry } from './parse-tar-header.ts'

/** Members of a `docker save` stream that name images, and how large they may be. */
const namingMembers = new Set(['manifest.json', 'repositories', 'index.json'])
const namingBytesMax = 4 * 1024 * 1024

/** Takes exact numbers of bytes from a stream of chunks. */
const createTaker = (source: AsyncIterable<Uint8Array>) => {
  const chunks = source[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  const fill = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const next = await chunks.next()
      if (next.done === true) return false
      rest = next.value
    }
    return true
  }
  /** Up to `max` bytes, at least one; undefined at the end. */
  const some = async (max: number): Promise<Uint8Array | undefined> => {
    if (!(await fill())) return undefined
    const taken = rest.subarray(0, max)
    rest = rest.subarray(taken.length)
    return taken
  }
  const exactly = async (length: number): Promise<Uint8Array | undefined> => {
    const all = new Uint8Array(length)
    let at = 0
    while (at < length) {
      const part = await some(length - at)
      if (part === undefined) {
        if (at === 0) return undefined
        throw new ArtelError('corrupt', 'an image stream ends in the middle')
      }
      all.set(part, at)
      at += part.length
    }
    return all
  }
  return { some, exactly, close: async () => void (await chunks.return?.()) }
}

type Taker = ReturnType<typeof createTaker>

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const withoutNames = (name: string, value: unknown): unknown => {
  if (name === 'repositories') return {}
  if (name === 'manifest.json') {
    if (!Array.isArray(value)) throw new ArtelError('corrupt', 'manifest.json is no list')
    return value.map((image: unknown) => (isRecord(image) ? { ...image, RepoTags: null } : image))
  }
  if (!isRecord(value) || !Array.isArray(value.manifests)) return value
  return {
    ...value,
    manifests: value.manifests.map((one: unknown) => {
      if (!isRecord(one)) return one
      const { annotations: _, ...rest } = one
      return rest
    }),
  }
}

const rewritten = async function* (taker: Taker, entry: TarEntry): AsyncGenerator<Uint8Array> {
  if (entry.sizeBytes > namingBytesMax) {
    throw new ArtelError('too-large', `${entry.name} of an image exceeds ${namingBytesMax} bytes`)
  }
  const bytes = entry.sizeBytes === 0 ? new Uint8Array(0) : await taker.exactly(entry.sizeBytes)
  if (bytes === undefined) throw new ArtelError('corrupt', 'an image stream ends in the middle')
  await skip(taker, tarPadding(entry.sizeBytes).length)
  const text = JSON.stringify(withoutNames(entry.name, parseJson(bytes, entry.name)))
  const body = new TextEncoder().encode(text)
  yield encodeTarHeader({
    name: entry.name,
    type: 'file',
    mode: entry.mode,
    uid: 0,
    gid: 0,
    mtime: 0,
    size: body.length,
  })
  yield body
  yield tarPadding(body.length)
}

const parseJson = (bytes: Uint8Array, name: string): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new ArtelError('corrupt', `${name} of an image does not parse`, { cause })
  }
}

/** Types of members that say more about the next one. */
const extensions = new Set(['x', 'g', 'L', 'K'])
const extensionBytesMax = 64 * 1024

/** Passes an extension on, unless it could turn what follows into a member that names images. */
const extension = async function* (
  taker: Taker,
  entry: TarEntry,
  block: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const padding = tarPadding(entry.sizeBytes).length
  const bytes =
    entry.sizeBytes > 0 && entry.sizeBytes <= extensionBytesMax
      ? await taker.exactly(entry.sizeBytes + padding)
      : undefined
  const renames = bytes === undefined || new TextDecoder().decode(bytes).includes(' path=')
  if (entry.type === 'L' || renames) {
    throw new ArtelError('corrupt', 'an image stream with renamed members')
  }
  yield block
  yield bytes
}

const skip = async (taker: Taker, bytes: number): Promise<void> => {
  if (bytes > 0) await taker.exactly(bytes)
}

const passed = async function* (taker: Taker, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes
  while (left > 0) {
    const part = await taker.some(left)
    if (part === undefined) throw new ArtelError('corrupt', 'an image stream ends in the middle')
    left -= part.length
    yield part
  }
}

/**
 * The same images without names: a tenant's stream must not move a tag that the owner of the machine uses.
 * Throws 'corrupt' on what is no tar of images.
 */
export const untagImages = async function* (
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const taker = createTaker(source)
  try {
    for (;;) {
      const block = await taker.exactly(tarBlockBytes)
      const entry = block === undefined ? undefined : parseTarHeader(block)
      if (block === undefined || entry === undefined) break
      if (namingMembers.has(entry.name.replace(/^\.\//, ''))) {
        yield* rewritten(taker, { ...entry, name: entry.name.replace(/^\.\//, '') })
        continue
      }
      if (extensions.has(entry.type)) {
        yield* extension(taker, entry, block)
        continue
      }
      yield block
      yield* passed(taker, entry.sizeBytes + tarPadding(entry.sizeBytes).length)
    }
    yield tarEnd
    // What follows the end is read and dropped, so that its sender is not cut off.
    while ((await taker.some(64 * 1024)) !== undefined);
  } finally {
    await taker.close()
  }
}
