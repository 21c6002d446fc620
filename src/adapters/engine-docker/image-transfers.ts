import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { Engine } from '#ports/engine'
import { bytesOf } from './bytes-of.ts'
import { engineRefusal } from './errors.ts'
import type { EngineHttp } from './http.ts'
import { jsonLines } from './json-lines.ts'
import { createPullProgress } from './progress.ts'

type Transfers = Pick<Engine, 'pull' | 'load' | 'save'>

const message = z.object({ stream: z.string().optional(), error: z.string().optional() })

/** Docker pulls every tag of a name that has none. */
const withTag = (reference: string): string =>
  reference.includes('@') || reference.lastIndexOf(':') > reference.lastIndexOf('/')
    ? reference
    : `${reference}:latest`

const loadedName = (line: string): string | undefined =>
  /^Loaded image(?: ID)?: (\S+)/.exec(line.trim())?.[1]

/** Whole images in and out of the engine. `image` finds the id of a loaded name. */
export const createImageTransfers = (http: EngineHttp, image: Engine['image']): Transfers => ({
  pull: async (reference, onProgress, signal) => {
    const query = { fromImage: withTag(reference) }
    const call = {
      what: `pull ${reference}`,
      method: 'POST',
      path: '/images/create',
      query,
    } as const
    const stream = await http.stream(call, signal)
    const progress = createPullProgress()
    try {
      for await (const line of jsonLines(stream)) {
        const error = message.parse(line).error
        if (error !== undefined) throw engineRefusal(call.what, 0, error)
        const changed = progress.add(line)
        if (changed !== undefined) onProgress(changed)
      }
    } catch (error) {
      throw http.failure(error, signal)
    } finally {
      stream.destroy()
    }
  },

  load: async (tar, signal) => {
    const query = { quiet: true }
    const call = {
      what: 'load',
      method: 'POST',
      path: '/images/load',
      query,
      upload: tar,
    } as const
    const stream = await http.stream(call, signal)
    const ids = new Set<string>()
    try {
      for await (const line of jsonLines(stream)) {
        const said = message.parse(line)
        if (said.error !== undefined) throw engineRefusal('load', 0, said.error)
        const name = loadedName(said.stream ?? '')
        const loaded = name === undefined ? undefined : await image(name, signal)
        if (loaded !== undefined) ids.add(loaded.id)
      }
    } catch (error) {
      throw http.failure(error, signal)
    } finally {
      stream.destroy()
    }
    if (ids.size === 0) throw new ArtelError('bad-request', 'load: no image in this archive')
    return [...ids]
  },

  async *save(reference, signal) {
    const path = `/images/${encodeURIComponent(reference)}/get`
    const stream = await http.stream({ what: `save ${reference}`, method: 'GET', path }, signal)
    try {
      yield* bytesOf(stream)
    } catch (error) {
      throw http.failure(error, signal)
    } finally {
      stream.destroy()
    }
  },
})
