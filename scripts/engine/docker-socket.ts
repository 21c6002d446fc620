import { request } from 'node:http'
import { join } from 'node:path'
import { ArtelError } from '#core/errors'

export const defaultSocketPath = '/var/run/docker.sock'

/** Sockets where a Docker engine may listen, most telling first. */
export const socketCandidates = (
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] => {
  const host = env.DOCKER_HOST
  if (host !== undefined && host !== '') {
    if (host.startsWith('unix://')) return [host.slice('unix://'.length)]
    throw new ArtelError('unsupported', `DOCKER_HOST=${host} is not a local socket`, {
      hint: 'use unix:///path/to/docker.sock: containers mount directories of this machine',
    })
  }
  const home = env.HOME
  const runtime = env.XDG_RUNTIME_DIR
  return [
    defaultSocketPath,
    ...(home === undefined ? [] : [join(home, '.docker/run/docker.sock')]),
    ...(runtime === undefined ? [] : [join(runtime, 'docker.sock')]),
  ]
}

/** True when an engine answers `GET /_ping` on this socket. */
export const answers = (socketPath: string, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: timeoutMs }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    ping.once('timeout', () => ping.destroy(new Error('timeout')))
    // Any failure to connect means the same here: nobody answers.
    ping.once('error', () => resolve(false))
    ping.end()
  })

/** The first socket at which an engine answers. */
export const findSocket = async (candidates: readonly string[]): Promise<string | undefined> => {
  for (const socketPath of candidates) {
    if (await answers(socketPath, 3000)) return socketPath
  }
  return undefined
}
