import { z } from 'zod'
import type { LeaseDeal } from '#core/deployment'
import { ArtelError, toArtelError } from '#core/errors'
import type { ImageReference } from '#core/manifest'
import { bytesCount } from '#protocol/codecs'
import { imageEnsure, imageLoad } from '#protocol/peer/host-routes'
import { bodyOf, bytesOf } from '#tenant/body'
import type { ActContext } from './context.ts'

const progressSchema = z.object({ doneBytes: bytesCount, totalBytes: bytesCount })

const ensure = async (
  { parts, instance }: ActContext,
  { id, host }: LeaseDeal,
  image: ImageReference,
  signal: AbortSignal,
): Promise<void> => {
  const answer = await parts.caller.call(host.peer, imageEnsure, { lease: id, image }, { signal })
  const pulled = bytesOf(answer.body, (value) => {
    const progress = progressSchema.safeParse(value)
    if (progress.success) instance.hub.tell({ type: 'progress', what: 'image', ...progress.data })
  })
  for await (const _ of pulled) {
    // The body is progress alone; a stray byte changes nothing.
  }
}

/** Counts what goes out for those who watch. */
async function* counted(
  { instance }: ActContext,
  bytes: AsyncIterable<Uint8Array>,
  totalBytes: number,
): AsyncGenerator<Uint8Array> {
  let doneBytes = 0
  for await (const piece of bytes) {
    yield piece
    doneBytes += piece.length
    const total = Math.max(totalBytes, doneBytes)
    instance.hub.tell({ type: 'progress', what: 'image', doneBytes, totalBytes: total })
  }
}

const load = async (
  context: ActContext,
  { id, host }: LeaseDeal,
  image: ImageReference,
  signal: AbortSignal,
): Promise<void> => {
  const { engine, caller } = context.parts
  const held = await engine?.image(
    image.source === 'tenant' ? image.digest : image.reference,
    signal,
  )
  if (engine === undefined || held === undefined) {
    throw new ArtelError('image-not-found', `${image.reference} is neither at the host nor here`)
  }
  const bytes = counted(context, engine.save(image.reference, signal), held.sizeBytes)
  await caller.call(host.peer, imageLoad, { lease: id, image }, { signal, body: bodyOf(bytes) })
}

/** Makes the host hold the image: it pulls it, or gets it from here when it cannot. */
export const deliverImage = async (
  context: ActContext,
  deal: LeaseDeal,
  image: ImageReference,
  signal: AbortSignal,
): Promise<void> => {
  context.instance.waitingFor = 'the image'
  try {
    await ensure(context, deal, image, signal)
  } catch (caught) {
    if (toArtelError(caught).code !== 'image-not-found') throw caught
    await load(context, deal, image, signal)
  }
}
