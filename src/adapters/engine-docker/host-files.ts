import { z } from 'zod'
import type { Call, EngineHttp } from './http.ts'

/**
 * Files of a container that lie on the engine's own disk and not in the container's layer. Its root may write
 * them without end, and no limit or size of the engine counts them.
 */
const paths = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf']

const missing = 404
const state = z.object({ size: z.number().nonnegative() })

const bytesAt = async (
  http: EngineHttp,
  archive: string,
  path: string,
  signal: AbortSignal,
): Promise<number> => {
  const call: Call = {
    what: `look at ${path}`,
    method: 'HEAD',
    path: archive,
    query: { path },
    settled: [missing],
  }
  const response = await http.stream(call, signal)
  response.destroy()
  const said = response.headers['x-docker-container-path-stat']
  if (response.statusCode === missing || typeof said !== 'string') return 0
  return state.parse(JSON.parse(Buffer.from(said, 'base64').toString())).size
}

/** What a container has written to them together; `archive` is the path of its archive calls. */
export const hostFileBytes = async (
  http: EngineHttp,
  archive: string,
  signal: AbortSignal,
): Promise<number> => {
  let bytes = 0
  for (const path of paths) bytes += await bytesAt(http, archive, path, signal)
  return bytes
}
