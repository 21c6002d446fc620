import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'

type Chunk = { readonly type: string; readonly data: Buffer }

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** The chunks of a PNG file; throws when it is none. */
const readChunks = (file: string): readonly Chunk[] => {
  const bytes = readFileSync(file)
  if (!bytes.subarray(0, 8).equals(signature)) throw new Error(`${file} is no PNG`)
  const chunks: Chunk[] = []
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    chunks.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      data: bytes.subarray(at + 8, at + 8 + length),
    })
    at += 12 + length
  }
  return chunks
}

const writeChunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(body.length + 8)
  frame.writeUInt32BE(data.length, 0)
  body.copy(frame, 4)
  frame.writeUInt32BE(crc32(body), body.length + 4)
  return frame
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/**
 * One animated PNG that repeats for ever, from PNG files of equal size and format
 * (Portable Network Graphics, third edition, section 11.3.5). Browsers and most viewers play it.
 */
export const animatePng = (files: readonly string[], framesPerSecond: number): Buffer => {
  const first = files[0] === undefined ? [] : readChunks(files[0])
  const header = first.find((chunk) => chunk.type === 'IHDR')?.data
  if (header === undefined) throw new Error('an animation needs at least one frame')
  const parts = [
    signature,
    writeChunk('IHDR', header),
    writeChunk('acTL', Buffer.concat([uint32(files.length), uint32(0)])),
    ...first
      .filter((chunk) => ['gAMA', 'sRGB', 'PLTE'].includes(chunk.type))
      .map((chunk) => writeChunk(chunk.type, chunk.data)),
  ]
  let sequence = 0
  const next = (): Buffer => uint32(sequence++)
  for (const [index, file] of files.entries()) {
    const chunks = readChunks(file)
    if (chunks.find((chunk) => chunk.type === 'IHDR')?.data.equals(header) !== true) {
      throw new Error(`${file} has another size or format than the first frame`)
    }
    const delay = Buffer.from([0, 1, 0, framesPerSecond, 0, 0])
    const control = [next(), header.subarray(0, 8), uint32(0), uint32(0), delay]
    parts.push(writeChunk('fcTL', Buffer.concat(control)))
    const picture = chunks.filter((chunk) => chunk.type === 'IDAT').map((chunk) => chunk.data)
    parts.push(
      index === 0
        ? writeChunk('IDAT', Buffer.concat(picture))
        : writeChunk('fdAT', Buffer.concat([next(), ...picture])),
    )
  }
  return Buffer.concat([...parts, writeChunk('IEND', Buffer.alloc(0))])
}
