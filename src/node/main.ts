import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { toArtelError } from '#core/errors'
import { homeOf } from './home.ts'
import { runNode } from './run-node.ts'

/** A second node on the same home must not remove what the first one wrote. */
const ownsPidFile = (path: string): boolean =>
  existsSync(path) && readFileSync(path, 'utf8').trim() === String(process.pid)

/** Entry of the daemon: `main.ts --home DIR`. Runs until SIGTERM or SIGINT, then ends its work in order. */
const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { home: { type: 'string' } } })
  const home = homeOf(values.home)
  const stop = new AbortController()
  process.once('SIGTERM', () => stop.abort())
  process.once('SIGINT', () => stop.abort())
  try {
    await runNode(home, stop.signal)
  } catch (error) {
    const { code, message, hint } = toArtelError(error)
    // Whoever started this process reads the reason from here: its output is a log.
    writeFileSync(`${home.pid}.failed`, JSON.stringify({ code, message, hint }), { mode: 0o600 })
    console.error(error)
    process.exitCode = 1
  } finally {
    if (ownsPidFile(home.pid)) rmSync(home.pid, { force: true })
  }
}

await main()
// Everything was stopped above; a library's stray timer must not keep the process.
process.exit()
