import { ArtelError } from '#core/errors'
import type { Records } from '#ports/records'

/** One life of a node, from its start to its crash or stop. */
export type Life = {
  /** True after a crash: nothing of this life may have an effect any more. */
  readonly over: () => boolean
  /** Aborts at the crash, so that engines and chains let go of what this life waited for. */
  readonly signal: AbortSignal
  readonly end: () => void
}

export const createLife = (): Life => {
  const ending = new AbortController()
  return {
    over: () => ending.signal.aborted,
    signal: ending.signal,
    end: () => ending.abort(new ArtelError('interrupted', 'the node crashed')),
  }
}

type Unknown = (...args: readonly unknown[]) => unknown

const never = (): Promise<never> => new Promise<never>(() => undefined)

/** What a call of a life that is over gets: a promise or a stream that says nothing, ever. */
const silence = (): unknown =>
  Object.assign(never(), {
    [Symbol.asyncIterator]: () => ({ next: never, return: never }),
  })

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

const isFunction = (value: unknown): value is Unknown => typeof value === 'function'

const boundPromise = (promise: Promise<unknown>, life: Life): Promise<unknown> =>
  new Promise((resolve, reject) => {
    promise.then(
      (value) => {
        if (!life.over()) resolve(bound(value, life))
      },
      (error: unknown) => {
        if (!life.over()) reject(error)
      },
    )
  })

const boundIterable = (source: AsyncIterable<unknown>, life: Life): AsyncIterable<unknown> => ({
  [Symbol.asyncIterator]: () => {
    const iterator = source[Symbol.asyncIterator]()
    // Whoever produces the stream must not wait for a reader that is dead.
    const letGo = (): void => {
      iterator.return?.().catch(() => undefined)
    }
    life.signal.addEventListener('abort', letGo, { once: true })
    const step = async (result: Promise<IteratorResult<unknown>>) => {
      const { done = false, value } = await result
      if (done) life.signal.removeEventListener('abort', letGo)
      return { done, value }
    }
    const asLife = async (result: Promise<IteratorResult<unknown>>) => {
      try {
        const { done, value } = await step(result)
        return life.over() ? never() : { done, value }
      } catch (error) {
        life.signal.removeEventListener('abort', letGo)
        if (life.over()) return never()
        throw error
      }
    }
    return {
      next: () => (life.over() ? never() : asLife(iterator.next())),
      return: (value?: unknown) => {
        life.signal.removeEventListener('abort', letGo)
        if (life.over()) return never()
        return asLife(iterator.return?.(value) ?? Promise.resolve({ done: true, value }))
      },
    }
  },
})

const isPlain = (value: object): boolean =>
  Object.getPrototypeOf(value) === Object.prototype && Object.values(value).some(isFunction)

/** A value that a port gave to `life`: its promises, streams and functions end with it. */
const bound = (value: unknown, life: Life): unknown => {
  if (value instanceof Promise) return boundPromise(value, life)
  if (isFunction(value)) return boundFunction(value, life)
  if (isIterable(value)) return boundIterable(value, life)
  if (typeof value === 'object' && value !== null && isPlain(value)) return boundObject(value, life)
  return value
}

const boundFunction =
  (call: Unknown, life: Life): Unknown =>
  (...args) => {
    if (life.over()) return silence()
    const linked = args.map((arg) =>
      arg instanceof AbortSignal ? AbortSignal.any([arg, life.signal]) : arg,
    )
    return bound(call(...linked), life)
  }

const boundObject = (port: object, life: Life): object =>
  Object.fromEntries(Object.entries(port).map(([name, member]) => [name, bound(member, life)]))

/**
 * A port as one life of a node sees it: once the life is over its calls do nothing, and what they returned
 * never settles.
 */
export const lend = <Port extends object>(port: Port, life: Life): Port =>
  // Every member keeps its name and kind; the mapping over unknown members cannot say so in types.
  boundObject(port, life) as Port

/** Records as one life sees them: a dead life writes nothing. */
export const lendRecords = (records: Records, life: Life): Records => ({
  ...records,
  put: (table, key, value) => {
    if (!life.over()) records.put(table, key, value)
  },
  delete: (table, key) => {
    if (!life.over()) records.delete(table, key)
  },
  append: (journal, value) => (life.over() ? 0 : records.append(journal, value)),
  trim: (journal, before) => {
    if (!life.over()) records.trim(journal, before)
  },
  flush: () => {
    if (!life.over()) records.flush()
  },
})
