import type { BodyPart } from '#protocol/peer/call'

/** The request's body of `run.output`: tells the host how much of the output is safe here. */
export type Confirmations = AsyncIterable<BodyPart> & {
  /** All before `offset` is kept here. Told as soon as the last one has gone out; the newest counts. */
  readonly confirm: (offset: number) => void
}

/** Confirmations for one call, iterated once; they go on until the call is over. */
export const createConfirmations = (): Confirmations => {
  let told = 0
  let newest = 0
  let wake: (() => void) | undefined
  const next = async (): Promise<IteratorResult<BodyPart, undefined>> => {
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
