import { ArtelError } from '#core/errors'

/** One 512-byte header of a ustar archive (POSIX.1-1988), as far as this host needs it. */
export const tarBlockBytes = 512

export type TarEntry = {
  /** Without prefix and extensions; directories end with a slash. */
  readonly name: string
  readonly mode: number
  readonly sizeBytes: number
  /** `0` or NUL file, `5` directory, others as they are. */
  readonly type: string
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

const fieldText = (block: Uint8Array, at: number, length: number): string => {
  const field = block.subarray(at, at + length)
  const end = field.indexOf(0)
  return decoder.decode(end === -1 ? field : field.subarray(0, end))
}

const fieldNumber = (block: Uint8Array, at: number, length: number): number => {
  if (((block[at] ?? 0) & 0x80) !== 0) {
    // GNU base-256, for sizes beyond octal: the first bit is the mark.
    let value = (block[at] ?? 0) & 0x7f
    for (let index = at + 1; index < at + length; index += 1)
      value = value * 256 + (block[index] ?? 0)
    return value
  }
  const text = fieldText(block, at, length).trim()
  if (!/^[0-7]*$/.test(text)) throw new ArtelError('corrupt', 'a tar header with a bad number')
  return text === '' ? 0 : Number.parseInt(text, 8)
}

const checksumOf = (block: Uint8Array): number =>
  block.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0)

/** The entry that a header describes, or undefined for a block of zeros (the end). Throws 'corrupt'. */
export const parseTarHeader = (block: Uint8Array): TarEntry | undefined => {
  if (block.every((byte) => byte === 0)) return undefined
  if (fieldNumber(block, 148, 8) !== checksumOf(block)) {
    throw new ArtelError('corrupt', 'a tar header with a wrong checksum')
  }
  const prefix = fieldText(block, 257, 5) === 'ustar' ? fieldText(block, 345, 155) : ''
  const name = fieldText(block, 0, 100)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: fieldNumber(block, 100, 8),
    sizeBytes: fieldNumber(block, 124, 12),
    type: String.fromCharCode(block[156] ?? 0),
  }
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')

const nameMax = 100

const ustarBlock = (entry: TarEntry, name: Uint8Array): Uint8Array => {
  const block = new Uint8Array(tarBlockBytes)
  const put = (at: number, text: string): void => block.set(encoder.encode(text), at)
  block.set(name.subarray(0, nameMax), 0)
  put(100, octal(entry.mode, 7))
  put(108, octal(0, 7))
  put(116, octal(0, 7))
  put(124, octal(entry.sizeBytes, 11))
  put(136, octal(0, 11))
  put(156, entry.type)
  put(257, 'ustar')
  put(263, '00')
  put(148, `${octal(checksumOf(block), 6)}\0 `)
  return block
}

/** Zeros that fill a member of `sizeBytes` up to whole blocks. */
export const tarPadding = (sizeBytes: number): Uint8Array =>
  new Uint8Array((tarBlockBytes - (sizeBytes % tarBlockBytes)) % tarBlockBytes)

/** The two zero blocks that end an archive. */
export const tarEnd = (): Uint8Array => new Uint8Array(2 * tarBlockBytes)

const joined = (...parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** The header of a file or directory of root; a long name goes before it as a GNU `L` member. */
export const encodeTarHeader = (entry: TarEntry): Uint8Array => {
  const name = encoder.encode(entry.name)
  if (name.length <= nameMax) return ustarBlock(entry, name)
  const long = joined(name, new Uint8Array(1))
  const link = { name: '././@LongLink', mode: 0, sizeBytes: long.length, type: 'L' }
  return joined(
    ustarBlock(link, encoder.encode(link.name)),
    long,
    tarPadding(long.length),
    ustarBlock(entry, name),
  )
}
