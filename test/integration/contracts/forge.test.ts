import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../../..')
const forgeTimeoutMs = 300_000

test('the contracts pass their fuzz and invariant tests and cost the gas that is written down', () => {
  const forge = spawnSync(join(root, 'node_modules/.bin/forge'), ['test'], {
    cwd: root,
    encoding: 'utf8',
    timeout: forgeTimeoutMs,
  })
  assert.equal(forge.status, 0, `${forge.error?.message ?? ''}${forge.stdout}${forge.stderr}`)
  const passed = /(\d+) tests passed, 0 failed/.exec(forge.stdout)?.[1]
  assert.ok(Number(passed) > 80, 'forge found its tests')
})
