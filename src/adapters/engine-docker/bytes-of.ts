import type { Readable } from 'node:stream'

/** The chunks of a binary stream; a stream that hands out text was set up wrongly. */
export async function* bytesOf(stream: Readable): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a binary stream gave text')
    yield chunk
  }
}
