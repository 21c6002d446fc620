import type { BodyPart } from '#protocol/peer/call'

/** The data of a body; control messages, which the routes that use this do not have, are passed over. */
export const bytesOf = async function* (body: AsyncIterable<BodyPart>): AsyncGenerator<Uint8Array> {
  for await (const part of body) if (part.kind === 'data') yield part.bytes
}

export const dataParts = async function* (
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<BodyPart> {
  for await (const bytes of source) yield { kind: 'data', bytes }
}
