import { ArtelError } from '#core/errors'
import type { OutputChunk } from '#ports/engine'

const headerBytes = 8
const stderrKind = 2

type Stretch = { readonly stream: OutputChunk['stream']; readonly parts: Uint8Array[] }

const joined = ({ stream, parts }: Stretch): OutputChunk => {
  const [first] = parts
  const bytes = parts.length === 1 && first !== undefined ? first : Buffer.concat(parts)
  return { stream, bytes }
}

/**
 * Splits the engine's multiplexed output: frames of kind (1 byte), three zeros, length (4 bytes, big
 * endian), payload. Passes payloads on as they come, without waiting for whole frames; what lies side by side
 * in a chunk comes as one. Throws 'interrupted' when the stream ends inside a frame.
 */
export async function* splitFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<OutputChunk> {
  const header = new Uint8Array(headerBytes)
  const view = new DataView(header.buffer)
  let headerHeld = 0
  let payloadLeft = 0
  const split = (chunk: Uint8Array): readonly Stretch[] => {
    const stretches: Stretch[] = []
    for (let at = 0; at < chunk.length; ) {
      if (payloadLeft === 0) {
        const part = chunk.subarray(at, at + headerBytes - headerHeld)
        header.set(part, headerHeld)
        headerHeld += part.length
        at += part.length
        if (headerHeld < headerBytes) break
        headerHeld = 0
        payloadLeft = view.getUint32(4)
        continue
      }
      const bytes = chunk.subarray(at, at + payloadLeft)
      at += bytes.length
      payloadLeft -= bytes.length
      const stream = header[0] === stderrKind ? 'stderr' : 'stdout'
      const last = stretches.at(-1)
      if (last?.stream === stream) last.parts.push(bytes)
      else stretches.push({ stream, parts: [bytes] })
    }
    return stretches
  }
  for await (const chunk of source) yield* split(chunk).map(joined)
  if (payloadLeft > 0 || headerHeld > 0) {
    throw new ArtelError('interrupted', 'the engine broke off inside a piece of output')
  }
}
