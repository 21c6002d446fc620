import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile, readlink, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ArtelError } from '#core/errors'
import { hasSystemd } from './apt-install.ts'
import { answers, defaultSocketPath } from './docker-socket.ts'
import { mustRun } from './run-command.ts'

const pidFile = '/var/run/docker.pid'
const dockerdLog = '/var/log/artel-dockerd.log'
const readyMs = 60_000

/** A pid file that outlived its dockerd (a killed machine) would make the next one refuse to start. */
const removeStalePidFile = async (): Promise<void> => {
  const pid = await readFile(pidFile, 'utf8').catch(() => undefined)
  if (pid === undefined) return
  const program = await readlink(`/proc/${Number(pid)}/exe`).catch(() => '')
  if (!program.includes('dockerd')) await rm(pidFile, { force: true })
}

const lastLines = async (): Promise<string> => {
  const text = await readFile(dockerdLog, 'utf8').catch(() => '')
  return text.trim().split('\n').slice(-3).join('\n')
}

const spawnDockerd = async (): Promise<void> => {
  await removeStalePidFile()
  const log = openSync(dockerdLog, 'a')
  try {
    const child = spawn('dockerd', ['--pidfile', pidFile], {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: '/',
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    child.unref()
  } finally {
    closeSync(log)
  }
}

/** Starts dockerd for good: it outlives this process. Where another start is under way, waits for that. */
export const startDockerd = async (say: (line: string) => void): Promise<string> => {
  if (hasSystemd()) {
    say('starting docker.service')
    await mustRun('systemctl', ['start', 'docker'], { timeoutMs: readyMs })
  } else {
    say(`starting dockerd (log ${dockerdLog})`)
    await spawnDockerd()
  }
  const deadline = performance.now() + readyMs
  while (performance.now() < deadline) {
    if (await answers(defaultSocketPath, 1000)) return defaultSocketPath
    await sleep(100)
  }
  throw new ArtelError('unavailable', `dockerd does not answer after ${readyMs / 1000} s`, {
    hint: `it said: ${await lastLines()}`,
  })
}
