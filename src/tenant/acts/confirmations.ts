import type { Clock } from '#ports/clock'
import type { BodyPart } from '#protocol/peer/call'

/** The request's body of `run.output`: tells the host how much of the output is safe here. */
export type Confirmations = AsyncIterable<BodyPart> & {
  /** All before `offset` is kept here; rises. */
  readonly confirm: (offset: number) => void
}

/** How far apart they are told: a message for every piece would cost more than the pieces. */
const pauseMs = 50

/** Confirmations for one call, iterated once; they go on until the call is over or `signal` aborts. */
export const createConfirmations = (clock: Clock, signal: AbortSignal): Confirmations => {
  let told = 0
  let newest = 0
  let wake: (() => void) | undefined
  const next = async (): Promise<IteratorResult<BodyPart, undefined>> => {
    if (told > 0) await clock.sleep(pauseMs, signal)
    while (newest === told) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    told = newest
    return { done: false, value: { kind: 'control', value: { confirmed: told } } }
  }
  return {
    confirm: (offset) => {
      newest = offset
      wake?.()
    },
    [Symbol.asyncIterator]: () => ({
      next,
      return: async () => ({ done: true, value: undefined }),
    }),
  }
}
