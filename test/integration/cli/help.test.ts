import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { commandNames, loadCommand, version } from '#cli/commands'
import { artel } from './spawn-artel.ts'

test('every command explains itself with its flags and an example', async () => {
  for (const name of commandNames) {
    const command = await loadCommand(name)
    const { help, globals } = command.read(['--help'])
    assert.equal(globals.help, true)
    assert.match(help, /^Usage: {2}artel /)
    assert.match(help, /\nExamples?:\n {2}artel /, name)
  }
})

test('the version is that of the package', async () => {
  const path = new URL('../../../package.json', import.meta.url)
  assert.equal(JSON.parse(await readFile(path, 'utf8')).version, version)
})

test('help is reached by every door', async () => {
  const home = '/nonexistent'
  for (const args of [[], ['--help'], ['help']]) {
    const { text, code } = await artel(args, { home })
    assert.equal(code, 0)
    assert.match(text, /Commands:\n {2}run /)
  }
  assert.match((await artel(['help', 'run'], { home })).text, /^Usage: {2}artel run /)
  assert.match((await artel(['host'], { home })).text, /host earnings/)
  assert.match((await artel(['run', '--help'], { home })).text, /-it --rm/)
})

test('the command line loads none of the slow libraries', async () => {
  const { execFileSync } = await import('node:child_process')
  const code = [
    "import { registerHooks } from 'node:module'",
    'const seen = []',
    'registerHooks({ resolve: (name, context, next) => { const found = next(name, context); seen.push(found.url); return found } })',
    "const { commandNames, loadCommand } = await import('#cli/commands')",
    'for (const name of commandNames) await loadCommand(name)',
    "await import('#sdk/client'); await import('#cli/transport')",
    "console.log(seen.filter((url) => url.includes('/node_modules/') || url.includes('/src/node/')).join('\\n'))",
  ].join('\n')
  const loaded = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: new URL('../../..', import.meta.url),
  }).toString()
  assert.equal(loaded.trim(), '')
})
