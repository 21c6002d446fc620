import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { createKeyFile, loadKeyFile } from '#adapters/crypto-node/key-file'
import { decryptKey, encryptKey } from '#adapters/crypto-node/keystore'
import { createSigner } from '#adapters/crypto-node/signer'
import { ArtelError } from '#core/errors'
import type { Address } from '#core/ids'
import { readSmallFile } from './files.ts'
import { homeOf } from './home.ts'
import { answers } from './start-daemon.ts'

/** The node's key: bare hexadecimal without a password, a Web3 Secret Storage v3 keystore with one. */
export const exportKey = async (options: {
  readonly home: string
  readonly password?: string
}): Promise<string> => {
  const home = homeOf(options.home)
  const key = await loadKeyFile(home.key)
  if (key === undefined) {
    throw new ArtelError('not-found', `no key in ${home.directory} yet`, {
      hint: 'The first `artel up` makes one.',
    })
  }
  if (options.password === undefined) return `0x${Buffer.from(key).toString('hex')}`
  return encryptKey(key, createSigner(key).address, options.password)
}

/**
 * Makes `source` (a file with 64 hexadecimal digits or a v3 keystore) the node's key. The old key is kept
 * beside it. Throws 'conflict' while the node runs.
 */
export const importKey = async (options: {
  readonly home: string
  readonly source: string
  readonly password?: string
}): Promise<{ readonly address: Address; readonly keptAs: string | undefined }> => {
  const home = homeOf(options.home)
  if (await answers(home.socket)) {
    throw new ArtelError('conflict', 'the node runs with its present key', {
      hint: 'Stop it first: `artel down`.',
    })
  }
  const key = await parseKeyText(options.source, options.password)
  const signer = createSigner(key)
  let keptAs: string | undefined
  if (existsSync(home.key)) {
    const old = await loadKeyFile(home.key)
    const oldAddress = old === undefined ? 'unknown' : createSigner(old).address
    if (oldAddress === signer.address) return { address: signer.address, keptAs: undefined }
    keptAs = `${home.key}.${oldAddress}`
    await rename(home.key, keptAs)
  }
  await createKeyFile(home.key, key)
  return { address: signer.address, keptAs }
}

const parseKeyText = async (path: string, password: string | undefined): Promise<Uint8Array> => {
  const text = (await readSmallFile(path))?.trim()
  if (text === undefined) throw new ArtelError('not-found', `no file ${path}`)
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text.replace(/^0x/, ''), 'hex')
  if (!text.startsWith('{')) {
    throw new ArtelError('bad-request', `${path} holds no key`, {
      hint: 'Expected 64 hexadecimal digits or a Web3 Secret Storage v3 keystore (JSON).',
    })
  }
  if (password === undefined) {
    throw new ArtelError('bad-request', `${path} is a keystore and needs its password`, {
      hint: 'Give it with --password-file FILE.',
    })
  }
  return decryptKey(text, password)
}
