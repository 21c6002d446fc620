/** What a tar says of one entry; `size` counts for files only. */
export type TarHeader = {
  readonly name: string
  readonly type: 'file' | 'directory' | 'symlink'
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970. */
  readonly mtime: number
  readonly size: number
  readonly linkname?: string
}

export const tarBlockBytes = 512

/** The two empty blocks that close a tar. */
export const tarEnd = new Uint8Array(2 * tarBlockBytes)

const typeFlags = { file: '0', directory: '5', symlink: '2', pax: 'x' } as const
const nameBytesMax = 100

const encoder = new TextEncoder()

/** Zeros that fill the last block of `size` bytes. */
export const tarPadding = (size: number): Uint8Array =>
  new Uint8Array((tarBlockBytes - (size % tarBlockBytes)) % tarBlockBytes)

type Fields = Omit<TarHeader, 'type'> & { readonly flag: string }

/** One ustar block; text is cut where it does not fit, and a pax record says the whole. */
const block = (fields: Fields): Uint8Array => {
  const bytes = new Uint8Array(tarBlockBytes)
  const put = (text: string, at: number, length: number): void => {
    bytes.set(encoder.encode(text).subarray(0, length), at)
  }
  // Octal digits and a zero byte; a larger number in binary, big endian, marked by its first bit.
  const number = (value: number, at: number, digits: number): void => {
    if (value < 8 ** digits) {
      put(value.toString(8).padStart(digits, '0'), at, digits)
      return
    }
    let rest = value
    for (let i = digits; i > 0; i -= 1) {
      bytes[at + i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    bytes[at] = 0x80
  }
  put(fields.name, 0, nameBytesMax)
  number(fields.mode & 0o7777, 100, 7)
  number(fields.uid, 108, 7)
  number(fields.gid, 116, 7)
  number(fields.size, 124, 11)
  number(Math.max(0, Math.floor(fields.mtime)), 136, 11)
  put('        ', 148, 8)
  put(fields.flag, 156, 1)
  put(fields.linkname ?? '', 157, nameBytesMax)
  put('ustar\0', 257, 6)
  put('00', 263, 2)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8)
  return bytes
}

/** `length key=value\n`, where the length counts itself. */
const paxRecord = (key: string, value: string): Uint8Array => {
  const bytes = encoder.encode(` ${key}=${value}\n`)
  let length = bytes.length
  while (length !== bytes.length + String(length).length)
    length = bytes.length + String(length).length
  return new Uint8Array([...encoder.encode(String(length)), ...bytes])
}

const isPlain = (text: string): boolean =>
  text.length <= nameBytesMax && encoder.encode(text).length === text.length

const paxRecords = ({ name, linkname = '' }: TarHeader): Uint8Array => {
  const records = [
    ...(isPlain(name) ? [] : [paxRecord('path', name)]),
    ...(isPlain(linkname) ? [] : [paxRecord('linkpath', linkname)]),
  ]
  return new Uint8Array(records.flatMap((record) => [...record]))
}

/** The blocks before an entry's bytes: ustar, led by a pax block where ustar cannot say it all. */
export const encodeTarHeader = (header: TarHeader): Uint8Array => {
  const size = header.type === 'file' ? header.size : 0
  const main = block({ ...header, size, flag: typeFlags[header.type] })
  const pax = paxRecords(header)
  if (pax.length === 0) return main
  const own = { name: 'PaxHeader', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: pax.length }
  const lead = block({ ...own, flag: typeFlags.pax })
  const padding = tarPadding(pax.length)
  return new Uint8Array([...lead, ...pax, ...padding, ...main])
}
