import { setTimeout as sleep } from 'node:timers/promises'
import { ArtelError } from '#core/errors'
import { homeOf } from './home.ts'
import { answers, readPid } from './start-daemon.ts'

const stopTimeoutMs = 60_000

/** True while a process of that id exists. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false // ESRCH: no such process
  }
}

/** Asks a process to end and waits; kills it when it does not within the time. */
export const endProcess = async (pid: number, timeoutMs: number): Promise<void> => {
  if (!isAlive(pid)) return
  process.kill(pid, 'SIGTERM')
  const until = performance.now() + timeoutMs
  while (isAlive(pid)) {
    if (performance.now() > until) {
      process.kill(pid, 'SIGKILL')
      return
    }
    await sleep(50)
  }
}

/** Stops the node of a home: it ends its own work in order. Says whether one ran. */
export const stopDaemon = async (options: { readonly home: string }): Promise<boolean> => {
  const home = homeOf(options.home)
  const pid = await readPid(home.pid)
  if (!(await answers(home.socket))) return false
  if (pid === undefined) {
    throw new ArtelError(
      'not-found',
      `a node answers at ${home.socket} but ${home.pid} is missing`,
      {
        hint: 'Find it with `ps` and stop it with SIGTERM.',
      },
    )
  }
  await endProcess(pid, stopTimeoutMs)
  return true
}
