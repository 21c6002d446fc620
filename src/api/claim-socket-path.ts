import { lstat, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { ArtelError } from '#core/errors'

/** Linux and macOS copy the path of a unix socket into a field of about this size. */
const pathBytesMax = 103

/**
 * Makes room for a unix socket at `path`: a stale one is removed. Throws 'conflict' when somebody listens there
 * or the path is no socket, 'bad-request' when it is too long.
 */
export const claimSocketPath = async (path: string): Promise<void> => {
  if (new TextEncoder().encode(path).length > pathBytesMax) {
    throw new ArtelError('bad-request', `the socket path ${path} is too long`, {
      hint: `Choose an ARTEL_HOME so that it has at most ${pathBytesMax} bytes.`,
    })
  }
  const found = await lstat(path).catch(absent)
  if (found === undefined) return
  if (!found.isSocket()) {
    throw new ArtelError('conflict', `${path} is in the way: it is no socket`)
  }
  if (await somebodyListens(path)) {
    throw new ArtelError('conflict', `a daemon already listens on ${path}`, {
      hint: 'Use it, or stop it with: artel down',
    })
  }
  await rm(path, { force: true })
}

const absent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === 'ENOENT') return undefined
  throw error
}

const somebodyListens = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    const answer = (listens: boolean) => {
      socket.destroy()
      resolve(listens)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', (error: NodeJS.ErrnoException) => answer(error.code !== 'ECONNREFUSED'))
  })
