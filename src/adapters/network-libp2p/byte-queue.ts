/** Bytes that wait for their reader, in pieces of all sizes as they came. */
export type ByteQueue = {
  readonly byteLength: () => number
  readonly push: (pieces: Iterable<Uint8Array>) => void
  /** The first pieces, joined to at most `bytesMax` unless the first alone is longer; undefined when empty. */
  readonly take: (bytesMax: number) => Uint8Array | undefined
  readonly clear: () => void
}

export const createByteQueue = (): ByteQueue => {
  const pieces: Uint8Array[] = []
  let bytes = 0
  return {
    byteLength: () => bytes,
    push: (more) => {
      for (const piece of more) {
        pieces.push(piece)
        bytes += piece.byteLength
      }
    },
    take: (bytesMax) => {
      let count = 0
      let length = 0
      for (const { byteLength } of pieces) {
        if (count > 0 && length + byteLength > bytesMax) break
        count += 1
        length += byteLength
      }
      bytes -= length
      const taken = pieces.splice(0, count)
      return taken.length > 1 ? Buffer.concat(taken, length) : taken[0]
    },
    clear: () => {
      pieces.length = 0
      bytes = 0
    },
  }
}
