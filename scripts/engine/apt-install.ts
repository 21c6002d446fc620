import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { ArtelError } from '#core/errors'
import { mustRun, runCommand } from './run-command.ts'

const policyFile = '/usr/sbin/policy-rc.d'

export const isRoot = (): boolean => process.getuid?.() === 0

export const hasSystemd = (): boolean => existsSync('/run/systemd/system')

const isInstalled = async (name: string): Promise<boolean> => {
  const query = ['-W', '-f', '$' + '{db:Status-Status}', name]
  const result = await runCommand('dpkg-query', query, { timeoutMs: 10_000 })
  return result.code === 0 && result.stdout === 'installed'
}

/**
 * Without systemd a package's own attempt to start its service may fail and with it the installation:
 * the standard `policy-rc.d` forbids the attempt. Returns what undoes it.
 */
const forbidServiceStarts = async (): Promise<() => Promise<void>> => {
  if (hasSystemd() || existsSync(policyFile)) return async () => {}
  await writeFile(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  return () => rm(policyFile, { force: true })
}

/** Installs what is missing of `names` on Debian or Ubuntu; throws 'unsupported' where it cannot. */
export const aptInstall = async (
  names: readonly string[],
  say: (line: string) => void,
): Promise<void> => {
  if (!existsSync('/usr/bin/apt-get') || !isRoot()) {
    throw new ArtelError('unsupported', `missing software: ${names.join(' ')}`, {
      hint: existsSync('/usr/bin/apt-get')
        ? `run: sudo apt-get install -y --no-install-recommends ${names.join(' ')}`
        : `install these with the package manager of this system: ${names.join(' ')}`,
    })
  }
  const missing: string[] = []
  for (const name of names) if (!(await isInstalled(name))) missing.push(name)
  if (missing.length === 0) return
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const lock = ['-o', 'DPkg::Lock::Timeout=300']
  say(`installing ${missing.join(' ')}`)
  const updated = await runCommand('apt-get', [...lock, '-q', 'update'], {
    timeoutMs: 120_000,
    env,
  })
  // An unreachable third-party source fails the update; the install below says what is really missing.
  if (updated.code !== 0) say(`apt-get update: ${updated.stderr.trim().split('\n').at(-1) ?? ''}`)
  const undo = await forbidServiceStarts()
  try {
    const install = [...lock, '-q', 'install', '-y', '--no-install-recommends', ...missing]
    await mustRun('apt-get', install, { timeoutMs: 600_000, env })
  } finally {
    await undo()
  }
}
