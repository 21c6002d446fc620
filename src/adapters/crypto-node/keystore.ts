import {
  createCipheriv,
  createDecipheriv,
  randomBytes,
  randomUUID,
  scrypt,
  timingSafeEqual,
} from 'node:crypto'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { Address } from '#core/ids'

const bytes = (min: number, max: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-fA-F]{${min * 2},${max * 2}}$`))
    .transform((hex) => new Uint8Array(Buffer.from(hex, 'hex')))

/** A private key under a passphrase: Web3 Secret Storage, version 3, with scrypt. */
const keystoreSchema = z.object({
  version: z.literal(3),
  crypto: z.object({
    cipher: z.literal('aes-128-ctr'),
    cipherparams: z.object({ iv: bytes(16, 16) }),
    ciphertext: bytes(32, 32),
    kdf: z.literal('scrypt'),
    kdfparams: z
      .object({
        dklen: z.literal(32),
        n: z.int().min(2),
        r: z.int().min(1).max(64),
        p: z.int().min(1).max(64),
        salt: bytes(1, 64),
      })
      // Somebody else's file must not take all memory of this machine.
      .refine(({ n, r }) => n * r * 128 <= memoryBytesMax),
    mac: bytes(32, 32),
  }),
})

const memoryBytesMax = 512 * 1024 ** 2

type ScryptCost = { readonly n: number; readonly r: number; readonly p: number }

/** What geth and most wallets use: about a second of one core and 256 MiB. */
export const standardScrypt: ScryptCost = { n: 262_144, r: 8, p: 1 }

const derive = async (
  passphrase: string,
  salt: Uint8Array,
  { n, r, p }: ScryptCost,
): Promise<Buffer> => {
  const password = passphrase.normalize('NFKC')
  // OpenSSL keeps to RFC 7914 (N < 2^(128 r / 8)); keystores in the wild do not.
  if (r < 4 && n >= 2 ** (16 * r)) {
    return Buffer.from(await scryptAsync(password, salt, { N: n, r, p, dkLen: 32 }))
  }
  const maxmem = memoryBytesMax + 64 * 1024 ** 2
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, { N: n, r, p, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

const macOf = (derived: Buffer, ciphertext: Uint8Array): Uint8Array =>
  keccak_256(Buffer.concat([derived.subarray(16, 32), ciphertext]))

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex')

/** The keystore's JSON text for a 32-byte key. */
export const encryptKey = async (
  privateKey: Uint8Array,
  address: Address,
  passphrase: string,
  cost: ScryptCost = standardScrypt,
): Promise<string> => {
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  const derived = await derive(passphrase, salt, cost)
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const ciphertext = Buffer.concat([cipher.update(privateKey), cipher.final()])
  return JSON.stringify({
    version: 3,
    id: randomUUID(),
    address: address.slice(2),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: hex(iv) },
      ciphertext: hex(ciphertext),
      kdf: 'scrypt',
      kdfparams: { dklen: 32, ...cost, salt: hex(salt) },
      mac: hex(macOf(derived, ciphertext)),
    },
  })
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The key in a keystore. Throws 'corrupt' when it is no version 3 scrypt keystore, 'unauthorized' on a wrong passphrase. */
export const decryptKey = async (keystore: string, passphrase: string): Promise<Uint8Array> => {
  const parsed = keystoreSchema.safeParse(parseJson(keystore))
  if (!parsed.success) {
    throw new ArtelError('corrupt', 'the keystore is no Web3 Secret Storage file of version 3', {
      hint: 'Use a file that geth, cast or a wallet exported with scrypt.',
      cause: parsed.error,
    })
  }
  const { cipherparams, ciphertext, kdfparams, mac } = parsed.data.crypto
  const derived = await derive(passphrase, kdfparams.salt, kdfparams)
  if (!timingSafeEqual(macOf(derived, ciphertext), mac)) {
    throw new ArtelError('unauthorized', 'wrong passphrase for the keystore')
  }
  const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), cipherparams.iv)
  return new Uint8Array(Buffer.concat([decipher.update(ciphertext), decipher.final()]))
}
