import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArtelError } from '#core/errors'
import { exitOf, exitOfStart } from './run-exit.ts'

const state = { status: 'exited', exitCode: 137, oomKilled: true, finishedAtMs: 5 } as const

test('a run that was killed for memory says so and names its limit', () => {
  const exit = exitOf(state, 64 * 1024 * 1024, undefined)
  assert.equal(exit.exitCode, 137)
  assert.equal(exit.reason, 'out-of-memory')
  assert.match(exit.message ?? '', /64 MiB/)
})

test('a program that outlived the death of its child ended well', () => {
  assert.deepEqual(exitOf({ ...state, exitCode: 0 }, 1, undefined), {
    exitCode: 0,
    finishedAtMs: 5,
  })
})

test('what the host did to a run explains its end better than what the engine saw', () => {
  const why = { reason: 'out-of-disk', message: 'too much' } as const
  assert.equal(exitOf(state, 1, why).reason, 'out-of-disk')
})

test('a command that is missing or not executable is an exit like any shell’s', () => {
  const codeOf = (code: 'command-not-found' | 'not-executable' | 'unavailable') =>
    exitOfStart(new ArtelError(code, 'x'), 1)?.exitCode
  assert.equal(codeOf('command-not-found'), 127)
  assert.equal(codeOf('not-executable'), 126)
  assert.equal(codeOf('unavailable'), undefined)
})
