import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { privateKeyToAccount } from 'viem/accounts'
import { parseHash32 } from '#core/ids'
import { hexOfBytes, recoverAddress } from '#protocol/eip712'
import { addressOfPeer } from '#protocol/keys'
import { createKeyFile, loadKeyFile, loadOrCreateKeyFile } from './key-file.ts'
import { decryptKey, encryptKey } from './keystore.ts'
import { createSystemRandom } from './random.ts'
import { createSigner } from './signer.ts'

const secret = new Uint8Array(32).fill(0x11)

test('a signature is the one that viem makes and recovers to the signer', async () => {
  const signer = createSigner(secret)
  const digest = parseHash32(`0x${'5a'.repeat(32)}`) ?? assert.fail()
  const account = privateKeyToAccount(hexOfBytes(secret))
  assert.equal(signer.sign(digest), await account.sign({ hash: digest }))
  assert.equal(recoverAddress(digest, signer.sign(digest)), signer.address)
  assert.equal(signer.address, account.address.toLowerCase())
  assert.equal(addressOfPeer(signer.peerId), signer.address)
})

test('32 bytes that are no key are refused', () => {
  assert.throws(() => createSigner(new Uint8Array(32)), { code: 'bad-request' })
  assert.throws(() => createSigner(new Uint8Array(31).fill(1)), { code: 'bad-request' })
})

test('chance stays within its bound', () => {
  const random = createSystemRandom()
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), (bound) => {
      const value = random.integer(bound)
      assert.ok(value >= 0 && value < bound)
    }),
  )
  assert.equal(random.bytes(33).length, 33)
})

/** https://github.com/ethereum/wiki/wiki/Web3-Secret-Storage-Definition, test vector for scrypt. */
const vector = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
    ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
    kdf: 'scrypt',
    kdfparams: {
      dklen: 32,
      n: 262144,
      r: 1,
      p: 8,
      salt: 'ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19',
    },
    mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3,
}

test('the test vector of the keystore format decrypts', async () => {
  const key = await decryptKey(JSON.stringify(vector), 'testpassword')
  const expected = '0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d'
  assert.equal(hexOfBytes(key), expected)
})

test('an encrypted key comes back with its passphrase and with no other', async () => {
  const { address } = createSigner(secret)
  const keystore = await encryptKey(secret, address, 'horse', { n: 1024, r: 8, p: 1 })
  assert.deepEqual(await decryptKey(keystore, 'horse'), secret)
  await assert.rejects(decryptKey(keystore, 'hors'), { code: 'unauthorized' })
})

test('a keystore that would take too much memory or does not parse is refused', async () => {
  const greedy = structuredClone(vector)
  greedy.crypto.kdfparams.n = 2 ** 40
  await assert.rejects(decryptKey(JSON.stringify(greedy), 'testpassword'), { code: 'corrupt' })
  await assert.rejects(decryptKey('{', 'testpassword'), { code: 'corrupt' })
})

test('a key file is private, is made once, and is refused when others may read it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'artel-key-'))
  try {
    const path = join(directory, 'node', 'key')
    assert.equal(await loadKeyFile(path), undefined)
    const key = await loadOrCreateKeyFile(path)
    assert.deepEqual(await loadOrCreateKeyFile(path), key)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    await assert.rejects(createKeyFile(path, secret), { code: 'conflict' })
    await writeFile(path, 'something else')
    await assert.rejects(loadKeyFile(path), { code: 'corrupt' })
    await chmod(path, 0o644)
    await assert.rejects(loadKeyFile(path), { code: 'unauthorized' })
  } finally {
    await rm(directory, { recursive: true })
  }
})
