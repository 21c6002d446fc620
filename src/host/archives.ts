import { ArtelError, toArtelError } from '#core/errors'
import { encodeTarHeader, tarEnd } from '#core/tar-header'
import { type Clock, nowSeconds } from '#ports/clock'
import type { Engine } from '#ports/engine'

/** The path and its parents below the root, outermost first: `/a/b` -> `/a`, `/a/b`. */
export const pathAndParents = (path: string): readonly string[] => {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
}

const exists = async (
  engine: Engine,
  container: string,
  path: string,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    // One chunk tells; leaving the loop ends the transfer.
    for await (const _ of engine.getArchive(container, path, signal)) return true
    return true
  } catch (error) {
    if (toArtelError(error).code === 'not-found') return false
    throw error
  }
}

const directories = async function* (
  paths: readonly string[],
  mtime: number,
  lastMode: number,
): AsyncGenerator<Uint8Array> {
  for (const [index, path] of paths.entries()) {
    const name = `${path.slice(1)}/`
    const mode = index === paths.length - 1 ? lastMode : 0o755
    yield encodeTarHeader({ name, type: 'directory', mode, uid: 0, gid: 0, mtime, size: 0 })
  }
  yield tarEnd
}

/** Makes `path` with `mode` and its missing parents in a container; what exists keeps its owner and mode. */
export const makeDirectories = async (
  { engine, clock }: { readonly engine: Engine; readonly clock: Clock },
  container: string,
  path: string,
  signal: AbortSignal,
  mode = 0o755,
): Promise<void> => {
  const missing: string[] = []
  for (const one of pathAndParents(path).toReversed()) {
    if (await exists(engine, container, one, signal)) break
    missing.unshift(one)
  }
  if (missing.length === 0) return
  await engine.putArchive(container, '/', directories(missing, nowSeconds(clock), mode), signal)
}

/** At most `bytesMax` bytes of `source`. Throws 'too-large' at the first one more. */
export const limitBytes = async function* (
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
  what: string,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of source) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new ArtelError('too-large', `${what} exceeds ${bytesMax} bytes`)
    yield chunk
  }
}
