import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { ArtelError } from '#core/errors'
import { aptInstall, isRoot } from './apt-install.ts'
import { ensureEngine } from './ensure-engine.ts'
import { mustRun, runCommand } from './run-command.ts'

const pullMs = 15_000
const importMs = 120_000
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** What Debian's own slim images leave out. */
const slimExcludes = ['doc/*', 'man/*', 'info/*', 'locale/*', 'lintian/*']

export type BaseImageOptions = {
  readonly socketPath: string
  readonly say: (line: string) => void
}

const isPresent = async (docker: Docker, reference: string): Promise<boolean> => {
  try {
    await docker.getImage(reference).inspect()
    return true
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return false
    throw error
  }
}

/** Reads an engine's progress to its end; throws what the engine reported. */
const follow = (docker: Docker, progress: NodeJS.ReadableStream): Promise<void> =>
  new Promise((resolve, reject) => {
    docker.modem.followProgress(progress, (error) => (error === null ? resolve() : reject(error)))
  })

/** Undefined when pulled, else why not: no registry, no such image, too slow. */
const tryPull = async (docker: Docker, reference: string): Promise<string | undefined> => {
  try {
    const abortSignal = AbortSignal.timeout(pullMs)
    await follow(docker, await docker.pull(reference, { abortSignal }))
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** apt's proxy of this machine, so that the image can install packages wherever the machine can. */
const aptProxyOptions = async (): Promise<readonly string[]> => {
  const dump = await runCommand('apt-config', ['dump', 'Acquire'], { timeoutMs: 10_000 })
  const lines = dump.stdout.split('\n').filter((line) => /^Acquire::https?::Proxy\b/i.test(line))
  return lines.map((line) => `--aptopt=${line}`)
}

/** A root file system of the Debian release `suite`, without documentation. */
const bootstrap = async (suite: string, file: string): Promise<void> => {
  const excludes = slimExcludes.map((path) => `--dpkgopt=path-exclude=/usr/share/${path}`)
  const keep = '--dpkgopt=path-include=/usr/share/doc/*/copyright'
  const proxies = await aptProxyOptions()
  const args = ['--quiet', '--variant=minbase', ...excludes, keep, ...proxies, suite, file]
  await mustRun('mmdebstrap', args, { timeoutMs: 600_000, env: { SOURCE_DATE_EPOCH: '0' } })
}

const importImage = async (docker: Docker, file: string, reference: string): Promise<void> => {
  const [repo = '', tag = 'latest'] = reference.split(':')
  const changes = ['CMD ["bash"]', `ENV PATH=${searchPath}`]
  const abortSignal = AbortSignal.timeout(importMs)
  // The typed signature knows neither lists of changes nor signals; the call passes both on.
  const options: Record<string, unknown> = { repo, tag, changes, abortSignal }
  const progress = await docker.importImage(createReadStream(file), options)
  await follow(docker, progress)
}

/**
 * Makes sure that the engine holds `reference`: present, else pulled, else (Debian releases, as root)
 * made from Debian's packages. Throws 'image-not-found' with the reasons.
 */
export const ensureBaseImage = async (
  reference: string,
  options: BaseImageOptions,
): Promise<void> => {
  const docker = new Docker({ socketPath: options.socketPath })
  if (await isPresent(docker, reference)) return
  const refused = await tryPull(docker, reference)
  if (refused === undefined) return options.say(`pulled ${reference}`)
  const suite = /^debian:([a-z]+)(-slim)?$/.exec(reference)?.[1]
  if (suite === undefined || !isRoot()) {
    throw new ArtelError('image-not-found', `cannot get the image ${reference}: ${refused}`, {
      hint: `load it into the engine (docker load, docker pull) or reach its registry`,
    })
  }
  options.say(`no registry gives ${reference}: making it from Debian's packages`)
  await aptInstall(['mmdebstrap'], options.say)
  const directory = await mkdtemp(join(tmpdir(), 'artel-base-image-'))
  try {
    const file = join(directory, 'root.tar')
    await bootstrap(suite, file)
    await importImage(docker, file, reference)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
  options.say(`made ${reference}`)
}

if (import.meta.main) {
  const say = (line: string): void => console.error(line)
  try {
    const { socketPath } = await ensureEngine({ say })
    for (const reference of process.argv.slice(2))
      await ensureBaseImage(reference, { socketPath, say })
  } catch (error) {
    if (!(error instanceof ArtelError)) throw error
    say(error.message)
    if (error.hint !== undefined) say(error.hint)
    process.exitCode = 1
  }
}
