import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { ArtelError } from '#core/errors'
import { loadNetwork } from './config.ts'
import { readSmallFile } from './files.ts'
import { homeOf } from './home.ts'

const readyTimeoutMs = 60_000
const pollMs = 50
const mainFile = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url),
)

export type StartedDaemon = {
  readonly pid: number
  readonly socket: string
  readonly alreadyRunning: boolean
}

/** True when somebody listens on the unix socket. */
export const answers = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const connection = connect(socket)
    const done = (result: boolean): void => {
      connection.destroy()
      resolve(result)
    }
    connection.once('connect', () => done(true))
    connection.once('error', () => done(false))
    connection.setTimeout(2000, () => done(false))
  })

export const readPid = async (path: string): Promise<number | undefined> => {
  const pid = Number((await readSmallFile(path))?.trim())
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined
}

/**
 * A small young generation: bytes that flow through are freed early, before V8 counts them as pressure and
 * marks the whole heap every few tens of megabytes.
 */
const nodeFlags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4']

/**
 * Starts the node of a home in the background and waits until its API answers; does nothing when it runs.
 * Throws what the node itself said when it does not come up.
 */
export const startDaemon = async (options: {
  readonly home: string
  readonly networkFile?: string
}): Promise<StartedDaemon> => {
  const home = homeOf(options.home)
  if (await answers(home.socket)) {
    return { pid: (await readPid(home.pid)) ?? 0, socket: home.socket, alreadyRunning: true }
  }
  await mkdir(home.directory, { recursive: true, mode: 0o700 })
  if (options.networkFile !== undefined && options.networkFile !== home.network) {
    await loadNetwork(options.networkFile)
    await copyFile(options.networkFile, home.network)
  }
  await loadNetwork(home.network)

  const log = openSync(home.log, 'a', 0o600)
  const failure = `${home.pid}.failed`
  await rm(failure, { force: true })
  const child = spawn(process.execPath, [...nodeFlags, mainFile, '--home', home.directory], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: home.directory,
  })
  closeSync(log)
  let exited = false
  child.once('exit', () => {
    exited = true
  })
  child.once('error', () => {
    exited = true
  })
  child.unref()
  const until = performance.now() + readyTimeoutMs
  while (performance.now() < until && !exited) {
    if (await answers(home.socket)) {
      return { pid: child.pid ?? 0, socket: home.socket, alreadyRunning: false }
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  if (!exited && child.pid !== undefined) process.kill(child.pid, 'SIGTERM')
  throw await explain(failure, home.log, exited)
}

const explain = async (failure: string, log: string, exited: boolean): Promise<ArtelError> => {
  const said = await readFile(failure, 'utf8').catch(() => undefined)
  if (said !== undefined) {
    const { code, message, hint } = JSON.parse(said)
    return new ArtelError(code, message, hint === undefined ? {} : { hint })
  }
  return new ArtelError(
    'unavailable',
    exited ? 'the node ended while it started' : `the node was not ready in ${readyTimeoutMs} ms`,
    { hint: `Its log: ${log}` },
  )
}
