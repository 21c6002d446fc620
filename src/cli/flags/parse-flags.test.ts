import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { choiceFlag, switchFlag, textFlag, textsFlag, valueFlag } from './flag.ts'
import { parseFlags } from './parse-flags.ts'

const table = {
  interactive: switchFlag('', 'i'),
  tty: switchFlag('', 't'),
  rm: switchFlag(''),
  proxy: switchFlag('', undefined, true),
  name: textFlag('NAME', ''),
  env: textsFlag('NAME=VALUE', '', { short: 'e' }),
  count: valueFlag('NUMBER', '', {
    short: 'n',
    read: (text) => (/^\d+$/.test(text) ? Number(text) : undefined),
    expected: 'expected a number',
  }),
  restart: choiceFlag(['no', 'always'], ''),
}

const read = (...argv: string[]) => parseFlags(table, argv)
const word = fc.string({ minLength: 1 }).filter((text) => !text.startsWith('-'))

test('a value may follow its flag or stand behind an equals sign', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      assert.equal(read('--name', value).flags.name, value)
      assert.equal(read(`--name=${value}`).flags.name, value)
    }),
  )
})

test('a short flag takes its value apart, attached, or behind an equals sign', () => {
  for (const argv of [['-n', '5'], ['-n5'], ['-n=5'], ['-in5']]) {
    assert.equal(read(...argv).flags.count, 5, argv.join(' '))
  }
})

test('switches may be bundled, and be set to false', () => {
  const { flags } = read('-it', '--rm=false', '--proxy=false')
  assert.deepEqual(
    [flags.interactive, flags.tty, flags.rm, flags.proxy],
    [true, true, false, false],
  )
  assert.equal(read().flags.proxy, true)
})

test('a repeated flag keeps every value in order', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (values) => {
      const argv = values.flatMap((value) => ['--env', value])
      assert.deepEqual(read(...argv).flags.env, values)
    }),
  )
})

test('arguments keep their order around flags', () => {
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const argv = words.flatMap((one) => [one, '--rm'])
      assert.deepEqual(read(...argv).args, words)
    }),
  )
})

test('what follows two dashes is never a flag', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      assert.deepEqual(read('--rm', '--', ...words).args, words)
    }),
  )
})

test("with stopAtFirst the container's own arguments are left alone", () => {
  fc.assert(
    fc.property(word, fc.array(fc.string()), (image, rest) => {
      const { flags, args } = parseFlags(table, ['-i', image, ...rest], { stopAtFirst: true })
      assert.equal(flags.interactive, true)
      assert.deepEqual(args, [image, ...rest])
    }),
  )
})

test('a single dash is an argument', () => {
  assert.deepEqual(read('-', 'x').args, ['-', 'x'])
})

const wrong: readonly [string[], RegExp][] = [
  [['--nam', 'x'], /^unknown flag: --nam$/],
  [['-x'], /^unknown shorthand flag: 'x' in -x$/],
  [['-itx'], /^unknown shorthand flag: 'x' in -itx$/],
  [['--name'], /^flag needs an argument: --name$/],
  [['-in'], /^flag needs an argument: 'n' in -in$/],
  [['-n', 'five'], /^invalid argument "five" for "-n, --count" flag: expected a number$/],
  [['--restart', 'maybe'], /"--restart" flag: expected no or always$/],
  [['--rm=perhaps'], /"--rm" flag: expected true or false$/],
  [['--__proto__=1'], /^unknown flag: --__proto__$/],
]

test("each wrong flag gets docker's words", () => {
  for (const [argv, message] of wrong) {
    assert.throws(() => read(...argv), { name: 'UsageError', message }, argv.join(' '))
  }
})
