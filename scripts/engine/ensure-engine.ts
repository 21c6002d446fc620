import { existsSync } from 'node:fs'
import { ArtelError } from '#core/errors'
import { aptInstall, isRoot } from './apt-install.ts'
import { findSocket, socketCandidates } from './docker-socket.ts'
import { startDockerd } from './start-dockerd.ts'

/** Docker itself, the rules of the firewall port, and ext4 for the sized volumes. */
const packages = ['docker.io', 'iptables', 'e2fsprogs']

export type EnsuredEngine = { readonly socketPath: string; readonly started: boolean }

const explainMissing = (candidates: readonly string[]): ArtelError => {
  const present = candidates.find((path) => existsSync(path))
  if (present !== undefined) {
    return new ArtelError('unavailable', `no engine answers at ${present}`, {
      hint: 'start Docker, or let this user into it (sudo usermod -aG docker $USER, then log in again)',
    })
  }
  const debian = existsSync('/usr/bin/apt-get')
  return new ArtelError('unavailable', 'no Docker engine on this machine', {
    hint: debian
      ? `run: sudo apt-get install -y ${packages.join(' ')} && sudo systemctl start docker`
      : 'install Docker Engine 20.10 or newer (https://docs.docker.com/engine/install) and start it',
  })
}

/**
 * Makes a Docker engine usable: uses the one that answers, else installs and starts Debian's (as root).
 * Throws 'unavailable' or 'unsupported' with what to install where it may not.
 */
export const ensureEngine = async (options: {
  readonly say: (line: string) => void
}): Promise<EnsuredEngine> => {
  const candidates = socketCandidates(process.env)
  const found = await findSocket(candidates)
  if (found !== undefined) return { socketPath: found, started: false }
  const named = process.env.DOCKER_HOST ?? ''
  if (named !== '' || !isRoot() || !existsSync('/usr/bin/apt-get')) throw explainMissing(candidates)
  await aptInstall(packages, options.say)
  return { socketPath: await startDockerd(options.say), started: true }
}

if (import.meta.main) {
  const say = (line: string): void => console.error(line)
  try {
    const { socketPath, started } = await ensureEngine({ say })
    say(`${started ? 'started' : 'found'} a Docker engine at ${socketPath}`)
  } catch (error) {
    if (!(error instanceof ArtelError)) throw error
    say(error.message)
    if (error.hint !== undefined) say(error.hint)
    process.exitCode = 1
  }
}
