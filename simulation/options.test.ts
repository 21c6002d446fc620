import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOptions, replayCommand } from './options.ts'

test('a command line without options is one small world with some faults, run twice', () => {
  const { seed, seeds, hosts, faults, twice } = parseOptions([])
  assert.deepEqual([seed, seeds, hosts, faults, twice], [1, 1, 5, 'some', true])
})

test('the command that replays a world parses to the same world', () => {
  const args = ['--seed', '7', '--hosts', '20', '--hours', '0.5', '--plant', 'exits-true']
  const options = parseOptions([...args, '--tenants', '3', '--faults', 'many'])
  const command = replayCommand(options)
  const again = parseOptions(command.split(' ').slice(command.split(' ').indexOf('--') + 1))
  assert.deepEqual(again, options)
})

test('options that make no sense are refused by name', () => {
  const code = { code: 'bad-request' }
  assert.throws(() => parseOptions(['--hosts', '0']), { ...code, message: /--hosts is 0/ })
  assert.throws(() => parseOptions(['--faults', 'all']), { ...code, message: /--faults is all/ })
  assert.throws(() => parseOptions(['--plant', 'rose']), { ...code, message: /no bug 'rose'/ })
  assert.throws(() => parseOptions(['--sed', '1']), code)
})
