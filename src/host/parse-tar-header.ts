import { ArtelError } from '#core/errors'

/** What a 512-byte header of a ustar archive (POSIX.1-1988) says, as far as this host needs it. */
export type TarEntry = {
  /** Without prefix and extensions; directories end with a slash. */
  readonly name: string
  readonly mode: number
  readonly sizeBytes: number
  /** `0` or NUL file, `5` directory, others as they are. */
  readonly type: string
  /** Where a link leads; empty for others. */
  readonly linkname: string
}

const decoder = new TextDecoder()

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
  // Readers differ about a zero byte before the digits: what they may read differently is refused.
  const digits = /^ *([0-7]*)[ \0]*$/.exec(decoder.decode(block.subarray(at, at + length)))?.[1]
  if (digits === undefined) throw new ArtelError('corrupt', 'a tar header with a bad number')
  return digits === '' ? 0 : Number.parseInt(digits, 8)
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
    linkname: fieldText(block, 157, 100),
  }
}
