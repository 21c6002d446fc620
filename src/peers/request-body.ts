import { ArtelError, toArtelError } from '#core/errors'
import { parseControl } from '#protocol/peer/call'
import type { Frame } from '#protocol/peer/frames'
import type { PeerRoute } from '#protocol/peer/route'
import type { BodyQueue } from './body-queue.ts'
import type { FrameReader } from './frame-reader.ts'

const longestWaitMs = 2 ** 31 - 1

/**
 * Reads what follows a request's head into `body` until the stream ends. A peer that ends or cuts the stream,
 * falls silent in the midst of its body or breaks the protocol aborts `over`. Never throws.
 */
export const receiveBody = async (
  reader: FrameReader,
  route: PeerRoute,
  body: BodyQueue,
  over: AbortController,
): Promise<void> => {
  let ended = !route.requestBody
  if (ended) body.end()

  const take = async (frame: Frame): Promise<void> => {
    if (ended) throw new ArtelError('bad-request', `a ${frame.kind} after the request`)
    switch (frame.kind) {
      case 'data':
        return body.push(frame, over.signal)
      case 'control':
        return body.push({ kind: 'control', value: parseControl(frame.json) }, over.signal)
      case 'end':
        ended = true
        return body.end()
      default:
        throw new ArtelError('bad-request', `a ${frame.kind} in a request's body`)
    }
  }
  try {
    for (;;) {
      // after a complete request nothing but the end of the stream is awaited, which may be far off
      const idleMs = ended ? longestWaitMs : route.idleTimeoutMs
      const frame = await reader.next(idleMs, over.signal)
      if (frame === undefined) throw new ArtelError('cancelled', 'the peer left')
      await take(frame)
    }
  } catch (error) {
    const reason = toArtelError(error)
    body.fail(reason)
    over.abort(reason)
  }
}
