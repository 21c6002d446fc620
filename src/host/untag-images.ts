import { ArtelError } from '#core/errors'
import { encodeTarHeader, tarBlockBytes, tarEnd, tarPadding } from '#core/tar-header'
import { parseTarHeader, type TarEntry } from './parse-tar-header.ts'
import { createTaker, passed, skip, type Taker } from './take-bytes.ts'

/** Members of a `docker save` stream that name images, and how large they may be. */
const namingMembers = new Set(['manifest.json', 'repositories', 'index.json'])
const namingBytesMax = 4 * 1024 * 1024

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Only these, because an engine reads keys in any letter case. */
const imageKeys = ['Config', 'Layers'] as const
const indexKeys = ['schemaVersion', 'mediaType'] as const
const descriptorKeys = ['mediaType', 'digest', 'size', 'platform', 'artifactType'] as const

const pick = (value: unknown, keys: readonly string[]): Readonly<Record<string, unknown>> => {
  if (!isRecord(value)) throw new ArtelError('corrupt', 'an image stream that lists no images')
  return Object.fromEntries(
    keys.filter((key) => Object.hasOwn(value, key)).map((key) => [key, value[key]]),
  )
}

const withoutNames = (name: string, value: unknown): unknown => {
  if (name === 'repositories') return {}
  if (name === 'manifest.json') {
    if (!Array.isArray(value)) throw new ArtelError('corrupt', 'manifest.json is no list')
    return value.map((image: unknown) => ({ ...pick(image, imageKeys), RepoTags: null }))
  }
  const manifests = isRecord(value) && Array.isArray(value.manifests) ? value.manifests : []
  return {
    ...pick(value, indexKeys),
    manifests: manifests.map((one: unknown) => pick(one, descriptorKeys)),
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

/** Drops an extension; one that says what the next member is, or where, is refused. */
const dropExtension = async (taker: Taker, entry: TarEntry): Promise<void> => {
  const padding = tarPadding(entry.sizeBytes).length
  const isShort = entry.sizeBytes > 0 && entry.sizeBytes <= extensionBytesMax
  const bytes = isShort ? await taker.exactly(entry.sizeBytes + padding) : undefined
  const says = bytes === undefined ? '' : new TextDecoder().decode(bytes)
  const isPax = entry.type === 'x' || entry.type === 'g'
  if (bytes === undefined || !isPax || / (path|linkpath|size|GNU\.sparse[^=]*)=/.test(says)) {
    throw new ArtelError('corrupt', 'an image stream with renamed members')
  }
}

/** A name as an engine reads it. Throws 'corrupt' where it leads to a naming member by another way. */
const soundName = (name: string): string => {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  const last = parts.at(-1)
  const isHidden = parts.length > 1 && last !== undefined && namingMembers.has(last)
  // `BZh` would begin a compressed stream.
  if (!/^(?!BZh)[\x20-\x7e]*$/.test(name) || parts.includes('..') || isHidden) {
    throw new ArtelError('corrupt', 'an image stream with an unsound name')
  }
  return parts.join('/')
}

const typeOf = (entry: TarEntry): 'file' | 'directory' | 'symlink' => {
  const isFile = entry.type === '0' || entry.type === '\0'
  if (isFile && !entry.name.endsWith('/')) return 'file'
  // An engine reads no content of these, whatever size they say.
  if (entry.sizeBytes === 0 && entry.type === '5') return 'directory'
  if (entry.sizeBytes === 0 && entry.type === '2') return 'symlink'
  throw new ArtelError('corrupt', 'an image stream with a member of an odd kind')
}

/** The member under a header of our own: what the sender's might mean besides does not arrive. */
const copied = async function* (
  taker: Taker,
  entry: TarEntry,
  name: string,
): AsyncGenerator<Uint8Array> {
  const type = typeOf(entry)
  const { mode, sizeBytes: size, linkname } = entry
  if (name !== '') {
    const base = { name: type === 'directory' ? `${name}/` : name, type, mode }
    const link = type === 'symlink' ? { linkname } : {}
    yield encodeTarHeader({ ...base, uid: 0, gid: 0, mtime: 0, size, ...link })
  }
  yield* passed(taker, size + tarPadding(size).length)
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
      if (extensions.has(entry.type)) {
        await dropExtension(taker, entry)
        continue
      }
      const name = soundName(entry.name)
      if (namingMembers.has(name)) yield* rewritten(taker, { ...entry, name })
      else yield* copied(taker, entry, name)
    }
    yield tarEnd
    // What follows the end is read and dropped, so that its sender is not cut off.
    while ((await taker.some(64 * 1024)) !== undefined);
  } finally {
    await taker.close()
  }
}
