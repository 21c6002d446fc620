import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { createDockerEngine, type DockerEngine } from '#adapters/engine-docker/engine'
import { type Call, createEngineHttp } from '#adapters/engine-docker/http'
import { jsonLines } from '#adapters/engine-docker/json-lines'
import { ArtelError } from '#core/errors'
import { aptInstall, isRoot } from './apt-install.ts'
import { ensureEngine } from './ensure-engine.ts'
import { mustRun, runCommand } from './run-command.ts'

/** A registry that gives nothing by then is not there. */
const firstBytesMs = 15_000
const pullMs = 600_000
const inspectMs = 30_000
const importMs = 120_000
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** What Debian's own slim images leave out. */
const slimExcludes = ['doc/*', 'man/*', 'info/*', 'locale/*', 'lintian/*']

export type BaseImageOptions = {
  readonly socketPath: string
  readonly say: (line: string) => void
}

/** Undefined when pulled, else why not: no registry, no such image, too slow. */
const tryPull = async (engine: DockerEngine, reference: string): Promise<string | undefined> => {
  const silence = new AbortController()
  const late = new ArtelError('timeout', `no byte of it came within ${firstBytesMs / 1000} s`)
  const timer = setTimeout(() => silence.abort(late), firstBytesMs)
  const signal = AbortSignal.any([silence.signal, AbortSignal.timeout(pullMs)])
  try {
    await engine.pull(reference, () => clearTimeout(timer), signal)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
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

const importLine = z.object({ error: z.string().optional() })

const importImage = async (socketPath: string, file: string, reference: string): Promise<void> => {
  const [repo = '', tag = 'latest'] = reference.split(':')
  const http = createEngineHttp(socketPath)
  const call: Call = {
    what: `import ${reference}`,
    method: 'POST',
    path: '/images/create',
    query: { fromSrc: '-', repo, tag, changes: `ENV PATH=${searchPath}\nCMD ["bash"]` },
    upload: createReadStream(file),
  }
  try {
    const progress = await http.stream(call, AbortSignal.timeout(importMs))
    for await (const line of jsonLines(progress)) {
      const { error } = importLine.parse(line)
      if (error !== undefined) throw new ArtelError('internal', `import ${reference}: ${error}`)
    }
  } finally {
    http.close()
  }
}

/** Makes the image of a Debian release; throws 'image-not-found' for any other, with why it was not pulled. */
const makeImage = async (
  reference: string,
  refused: string,
  options: BaseImageOptions,
): Promise<void> => {
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
    await importImage(options.socketPath, file, reference)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
  options.say(`made ${reference}`)
}

/**
 * Makes sure that the engine holds `reference`: present, else pulled, else (Debian releases, as root)
 * made from Debian's packages. Throws 'image-not-found' with the reasons.
 */
export const ensureBaseImage = async (
  reference: string,
  options: BaseImageOptions,
): Promise<void> => {
  const engine = createDockerEngine({ socketPath: options.socketPath })
  try {
    const held = await engine.image(reference, AbortSignal.timeout(inspectMs))
    if (held !== undefined) return
    const refused = await tryPull(engine, reference)
    if (refused === undefined) options.say(`pulled ${reference}`)
    else await makeImage(reference, refused, options)
  } finally {
    engine.close()
  }
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
