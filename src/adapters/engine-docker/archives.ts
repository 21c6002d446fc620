import type { Engine } from '#ports/engine'
import { bytesOf } from './bytes-of.ts'
import { containerPath } from './containers.ts'
import type { Call, EngineHttp } from './http.ts'

export const createArchives = (http: EngineHttp): Pick<Engine, 'getArchive' | 'putArchive'> => ({
  async *getArchive(id, path, signal) {
    const url = containerPath(id, '/archive')
    const call: Call = { what: `copy ${path} out`, method: 'GET', path: url, query: { path } }
    const stream = await http.stream(call, signal)
    try {
      yield* bytesOf(stream)
    } catch (error) {
      throw http.failure(error, signal)
    } finally {
      stream.destroy()
    }
  },

  putArchive: async (id, path, tar, signal) => {
    const url = containerPath(id, '/archive')
    const query = { path, noOverwriteDirNonDir: true }
    const call: Call = { what: `copy to ${path}`, method: 'PUT', path: url, query, upload: tar }
    await http.json(call, signal)
  },
})
