import { execFile } from 'node:child_process'
import { mkdtemp, open, readFile, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ArtelError } from '#core/errors'

const execute = promisify(execFile)
const toolMs = 60_000

const run = async (
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  try {
    await execute(program, [...args], {
      timeout: toolMs,
      signal,
      env: { ...process.env, LC_ALL: 'C' },
    })
  } catch (error) {
    signal.throwIfAborted()
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
    throw new ArtelError('internal', `${program}: ${words.slice(-300)}`, { cause: error })
  }
}

/** A sparse file with an empty ext4. No journal: the volume of a lost machine is restored, not recovered. */
export const makeImage = async (
  image: string,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<void> => {
  const file = await open(image, 'wx', 0o600)
  try {
    await file.truncate(sizeBytes)
  } finally {
    await file.close()
  }
  await run('mkfs.ext4', ['-q', '-F', '-m', '0', '-O', '^has_journal', image], signal)
}

/** Mounts `image` at `directory`; nothing on it is a device or changes a user. */
export const mountImage = async (
  image: string,
  directory: string,
  signal: AbortSignal,
): Promise<void> => {
  await run('mount', ['-t', 'ext4', '-o', 'loop,nosuid,nodev', image, directory], signal)
}

/** Mends an image that was not unmounted, as after a power failure. */
export const checkImage = (image: string, signal: AbortSignal): Promise<void> =>
  execute('e2fsck', ['-p', image], { timeout: toolMs, signal }).then(
    () => undefined,
    (error: unknown) => {
      signal.throwIfAborted()
      // 1 means mended.
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code !== 1)
        throw new ArtelError('corrupt', `volume image ${image} is damaged`, { cause: error })
    },
  )

const unescapeMount = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)))

export const isMounted = async (directory: string): Promise<boolean> => {
  const lines = (await readFile('/proc/self/mounts', 'utf8')).split('\n')
  return lines.some((line) => unescapeMount(line.split(' ')[1] ?? '') === directory)
}

/** Unmounts; where something still reads, the mount goes with its last reader. */
export const unmount = async (directory: string, signal: AbortSignal): Promise<void> => {
  try {
    await run('umount', [directory], signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!(await isMounted(directory))) return
    if (!(error instanceof ArtelError)) throw error
    await run('umount', ['-l', directory], signal)
  }
}

/** Tries the whole thing once: root, the tools, a free loop device and ext4 must all be there. */
export const canMount = async (directory: string): Promise<boolean> => {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return false
  const signal = AbortSignal.timeout(toolMs)
  const trial = await mkdtemp(join(directory, '.trial-'))
  const image = `${trial}.img`
  try {
    await makeImage(image, 1024 * 1024, signal)
    await mountImage(image, trial, signal)
    await unmount(trial, signal)
    return true
  } catch (error) {
    if (error instanceof ArtelError) return false
    throw error
  } finally {
    await rm(image, { force: true })
    await rmdir(trial)
  }
}
