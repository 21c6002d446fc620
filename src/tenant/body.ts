import type { BodyPart } from '#protocol/peer/call'

/** Bytes as the data of a call's body. */
export async function* bodyOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<BodyPart> {
  for await (const piece of bytes) yield { kind: 'data', bytes: piece }
}

/** The bytes of a body's data; control messages go to `onControl`. */
export async function* bytesOf(
  body: AsyncIterable<BodyPart>,
  onControl: (value: unknown) => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  for await (const part of body) {
    if (part.kind === 'data') yield part.bytes
    else onControl(part.value)
  }
}
