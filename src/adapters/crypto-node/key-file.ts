import { mkdir, open, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ArtelError } from '#core/errors'

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EEXIST'

/**
 * The private key in a file of 64 hexadecimal digits, or undefined when there is none.
 * Throws 'corrupt' when it holds something else, 'unauthorized' when others may read it.
 */
export const loadKeyFile = async (path: string): Promise<Uint8Array | undefined> => {
  try {
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0) {
      throw new ArtelError('unauthorized', `the key file ${path} is open to other users`, {
        hint: `Run: chmod 600 ${path}`,
      })
    }
    const digits = (await readFile(path, 'utf8')).trim().replace(/^0x/, '')
    const key = new Uint8Array(Buffer.from(digits, 'hex'))
    if (!/^[0-9a-fA-F]{64}$/.test(digits) || !secp256k1.utils.isValidSecretKey(key)) {
      throw new ArtelError('corrupt', `the key file ${path} holds no secp256k1 key`, {
        hint: 'It must be 64 hexadecimal digits. Restore it from a backup: the key is the node.',
      })
    }
    return key
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Writes the key, readable by its owner only, and waits until it is on disk. Throws 'conflict' when the file exists. */
export const createKeyFile = async (path: string, privateKey: Uint8Array): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(`0x${Buffer.from(privateKey).toString('hex')}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isTaken(error)) throw new ArtelError('conflict', `the key file ${path} exists already`)
    throw error
  }
}

/** The key in the file, made by `chooseKey` when there is no file yet. */
export const loadOrCreateKeyFile = async (
  path: string,
  chooseKey: () => Uint8Array = secp256k1.utils.randomSecretKey,
): Promise<Uint8Array> => {
  const known = await loadKeyFile(path)
  if (known !== undefined) return known
  const key = chooseKey()
  await createKeyFile(path, key)
  return key
}
