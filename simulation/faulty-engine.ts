import { ArtelError } from '#core/errors'
import type { Engine } from '#ports/engine'

/** An engine whose daemon can be taken away; containers go on meanwhile. */
export type FaultyEngine = {
  readonly engine: Engine
  readonly setFailing: (failing: boolean) => void
}

const gone = (): ArtelError => new ArtelError('unavailable', 'the engine does not answer')

type Call<Args extends readonly unknown[], T> = (...args: Args) => Promise<T>
type Stream<Args extends readonly unknown[], T> = (...args: Args) => AsyncIterable<T>

export const createFaultyEngine = (genuine: Engine): FaultyEngine => {
  let outage = new AbortController()
  let failing = false
  const call =
    <Args extends readonly unknown[], T>(work: Call<Args, T>): Call<Args, T> =>
    (...args) =>
      failing ? Promise.reject(gone()) : work(...args)
  const stream = <Args extends readonly unknown[], T>(work: Stream<Args, T>): Stream<Args, T> =>
    async function* (...args) {
      if (failing) throw gone()
      yield* work(...args)
    }
  /** A wait that a daemon which goes away breaks off. */
  const wait: Engine['wait'] = async (id, signal) => {
    if (failing) throw gone()
    const { signal: broken } = outage
    try {
      return await genuine.wait(id, AbortSignal.any([signal, broken]))
    } catch (error) {
      throw broken.aborted && !signal.aborted ? gone() : error
    }
  }
  const engine: Engine = {
    info: call(genuine.info),
    image: call(genuine.image),
    images: call(genuine.images),
    pull: call(genuine.pull),
    load: call(genuine.load),
    save: stream(genuine.save),
    removeImage: call(genuine.removeImage),
    createNetwork: call(genuine.createNetwork),
    networks: call(genuine.networks),
    removeNetwork: call(genuine.removeNetwork),
    create: call(genuine.create),
    start: call(genuine.start),
    stop: call(genuine.stop),
    kill: call(genuine.kill),
    pause: call(genuine.pause),
    resume: call(genuine.resume),
    wait,
    remove: call(genuine.remove),
    inspect: call(genuine.inspect),
    list: call(genuine.list),
    resize: call(genuine.resize),
    attach: call(genuine.attach),
    exec: call(genuine.exec),
    stats: call(genuine.stats),
    layerBytes: call(genuine.layerBytes),
    getArchive: stream(genuine.getArchive),
    putArchive: call(genuine.putArchive),
  }
  return {
    engine,
    setFailing: (next) => {
      failing = next
      if (!next) return
      outage.abort(gone())
      outage = new AbortController()
    },
  }
}
