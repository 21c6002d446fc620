import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineRefusal, startRefusal } from './errors.ts'

const layers = 'failed to create shim task: OCI runtime create failed: runc create failed: '
const started = (message: string) =>
  startRefusal(engineRefusal(`start ${'ab'.repeat(32)}`, 400, message))

const refusals: readonly [says: string, code: string, words: string][] = [
  [
    `${layers}unable to start container process: exec: "x": executable file not found in $PATH: unknown`,
    'command-not-found',
    'exec: "x": executable file not found in $PATH',
  ],
  [
    `${layers}unable to start container process: exec: "/etc/passwd": permission denied: unknown`,
    'not-executable',
    'exec: "/etc/passwd": permission denied',
  ],
  [
    'unable to find user x: no matching entries in passwd file',
    'bad-request',
    'unable to find user x: no matching entries in passwd file',
  ],
  [
    'uids and gids must be in range 0-2147483647',
    'bad-request',
    'uids and gids must be in range 0-2147483647',
  ],
]

test('a process that cannot begin is told in the words of its own failure', () => {
  for (const [says, code, words] of refusals) {
    const error = started(says)
    assert.deepEqual([error.code, error.message], [code, words])
  }
})

test('a working directory that is a file is the fault of the request, not of the host', () => {
  const error = engineRefusal(
    'create container',
    500,
    'Cannot mkdir: /etc/passwd is not a directory',
  )
  assert.equal(error.code, 'bad-request')
})

test('the id of a container is not told to its tenant', () => {
  const says = `Could not find the file /x in container ${'0f'.repeat(32)}`
  const { code, message } = engineRefusal('copy /x out', 404, says)
  assert.equal(code, 'not-found')
  assert.equal(message, 'copy /x out: Could not find the file /x in the container')
})
