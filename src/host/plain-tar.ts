import { ArtelError } from '#core/errors'
import { tarBlockBytes, tarEnd, tarPadding } from '#core/tar-header'
import { parseTarHeader, type TarEntry } from './parse-tar-header.ts'
import { createTaker, passed, type Taker } from './take-bytes.ts'

const extensionBytesMax = 1024 * 1024
/** Links, devices, directories and pipes: a reader takes no content of theirs, whatever size they say. */
const withoutContent = new Set(['1', '2', '3', '4', '5', '6'])

/** How gzip, bzip2, xz and zstd begin: the compressions that an engine unpacks unasked. */
const compressed: readonly (readonly number[])[] = [
  [0x1f, 0x8b, 0x08],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a],
  [0x28, 0xb5, 0x2f, 0xfd],
]

const refuseCompressed = (block: Uint8Array): void => {
  if (!compressed.some((magic) => magic.every((byte, at) => block[at] === byte))) return
  throw new ArtelError('bad-request', 'a compressed tar', { hint: 'send it uncompressed' })
}

/** What extensions say of the next member. */
type Said = { readonly size?: number; readonly isDirectory?: boolean }

/** The records `length key=value` of a pax extension. Throws 'corrupt' on what is none. */
const paxRecords = (bytes: Uint8Array): ReadonlyMap<string, string> => {
  const records = new Map<string, string>()
  const decoder = new TextDecoder()
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = decoder.decode(bytes.subarray(at, Math.max(at, space)))
    const end = at + Number(length)
    if (!/^[1-9]\d{0,7}$/.test(length) || end <= space + 1 || bytes[end - 1] !== 0x0a) {
      throw new ArtelError('corrupt', 'a tar with an extension that does not parse')
    }
    const record = decoder.decode(bytes.subarray(space + 1, end - 1))
    const equals = record.indexOf('=')
    records.set(record.slice(0, Math.max(0, equals)), record.slice(equals + 1))
    at = end
  }
  return records
}

const saidByPax = (bytes: Uint8Array): Said => {
  const records = paxRecords(bytes)
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse'))) {
    throw new ArtelError('bad-request', 'a tar with a sparse file', {
      hint: 'make it without --sparse',
    })
  }
  const size = records.get('size') ?? ''
  if (size !== '' && !/^\d{1,15}$/.test(size))
    throw new ArtelError('corrupt', 'a tar with a bad size')
  return {
    ...(size === '' ? {} : { size: Number(size) }),
    isDirectory: records.get('path')?.endsWith('/') === true,
  }
}

const extensionOf = async (taker: Taker, entry: TarEntry): Promise<Uint8Array> => {
  if (entry.sizeBytes > extensionBytesMax) {
    throw new ArtelError('too-large', `an extension of a tar exceeds ${extensionBytesMax} bytes`)
  }
  const bytes = entry.sizeBytes === 0 ? new Uint8Array(0) : await taker.exactly(entry.sizeBytes)
  if (bytes === undefined) throw new ArtelError('corrupt', 'a stream ends in the middle')
  return bytes
}

const contentBytes = (entry: TarEntry, said: Said): number => {
  if (withoutContent.has(entry.type)) return 0
  const bytes = said.size ?? entry.sizeBytes
  const isFile = ['0', '\0', '7', 'g', 'K'].includes(entry.type)
  const isDirectory = said.isDirectory === true || entry.name.endsWith('/')
  if (isFile && !(isDirectory && bytes > 0)) return bytes
  throw new ArtelError('bad-request', 'a tar with a member of an odd kind')
}

/**
 * The same tar, whose unpacked files are no larger than itself: an engine would also take a compressed one, or
 * sparse files, of which a few bytes fill a disk. Throws 'bad-request' for those and 'corrupt' for no tar.
 */
export const plainTar = async function* (
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const taker = createTaker(source)
  let said: Said = {}
  let isFirst = true
  try {
    for (;;) {
      const block = await taker.exactly(tarBlockBytes)
      if (block !== undefined && isFirst) refuseCompressed(block)
      isFirst = false
      const entry = block === undefined ? undefined : parseTarHeader(block)
      if (block === undefined || entry === undefined) break
      yield block
      if (entry.type === 'x' || entry.type === 'L') {
        const bytes = await extensionOf(taker, entry)
        if (entry.type === 'x') said = { ...saidByPax(bytes) }
        else said = { ...said, isDirectory: new TextDecoder().decode(bytes).includes('/\0') }
        yield bytes
        yield* passed(taker, tarPadding(entry.sizeBytes).length)
        continue
      }
      const bytes = contentBytes(entry, said)
      if (entry.type !== 'g' && entry.type !== 'K') said = {}
      yield* passed(taker, bytes + tarPadding(bytes).length)
    }
    yield tarEnd
    // What follows the end is read and dropped, so that its sender is not cut off.
    while ((await taker.some(64 * 1024)) !== undefined);
  } finally {
    await taker.close()
  }
}
