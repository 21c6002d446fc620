import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatSpan, parseDuration, parseSince } from './duration.ts'
import { parseEnvFile, resolveEnv } from './env-file.ts'
import { parseCpPlace, parseInputPlace, parseOutputPlace } from './places.ts'
import { parseSignal } from './signal-name.ts'
import { formatTable } from './table.ts'

test('durations are read with units, combined, and as bare seconds', () => {
  const cases: readonly [string, number | undefined][] = [
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['1d', 86_400_000],
    ['90', 90_000],
    ['', undefined],
    ['5x', undefined],
    ['-5s', undefined],
    ['5m3', undefined],
  ]
  for (const [text, expected] of cases) assert.equal(parseDuration(text), expected, text)
})

test('spans are said as docker says them', () => {
  assert.equal(formatSpan(500), 'Less than a second')
  assert.equal(formatSpan(1000), '1 second')
  assert.equal(formatSpan(3_600_000), '1 hour')
  assert.equal(formatSpan(72 * 3_600_000), '3 days')
})

test('since is a moment, Unix seconds, or a span before now', () => {
  assert.equal(parseSince('10m', 1_000_000), 400_000)
  assert.equal(parseSince('1700000000', 0), 1_700_000_000_000)
  assert.equal(parseSince('2026-01-31T12:00:00Z', 0), Date.UTC(2026, 0, 31, 12))
  assert.equal(parseSince('yesterday', 0), undefined)
})

test('an env file is read as docker reads it', () => {
  const content = '\uFEFF# comment\n\nA=1\r\n  B=two words # kept\nHANDED\nMISSING\nEMPTY=\n'
  assert.deepEqual(parseEnvFile(content, 'f', { HANDED: 'on' }), [
    'A=1',
    'B=two words # kept',
    'HANDED=on',
    'EMPTY=',
  ])
  assert.throws(() => parseEnvFile('=x', 'f', {}), { message: /f: no variable name on line '=x'/ })
  assert.throws(() => parseEnvFile('a b=x', 'f', {}), { message: /'a b' contains whitespaces/ })
})

test('a variable without a value comes from the environment or not at all', () => {
  assert.equal(resolveEnv('A', { A: 'x' }), 'A=x')
  assert.equal(resolveEnv('A', {}), undefined)
  assert.equal(resolveEnv('A=b=c', {}), 'A=b=c')
  assert.throws(() => resolveEnv('=x', {}), { name: 'UsageError' })
})

test('cp places are told apart as docker does', () => {
  assert.deepEqual(parseCpPlace('web:/etc/hosts'), {
    kind: 'run',
    name: 'web',
    path: '/etc/hosts',
  })
  assert.deepEqual(parseCpPlace('web:etc'), { kind: 'run', name: 'web', path: '/etc' })
  assert.deepEqual(parseCpPlace('./web:x'), { kind: 'local', path: './web:x' })
  assert.deepEqual(parseCpPlace('/a:b'), { kind: 'local', path: '/a:b' })
  assert.deepEqual(parseCpPlace('file'), { kind: 'local', path: 'file' })
  assert.deepEqual(parseCpPlace('-'), { kind: 'stream' })
})

test('input and output places need an absolute path in the container', () => {
  assert.deepEqual(parseInputPlace('./a:b:/in/x'), { source: './a:b', target: '/in/x' })
  assert.deepEqual(parseOutputPlace('/out:./a:b'), { path: '/out', destination: './a:b' })
  for (const text of ['./dir', './dir:in', ':/in', './dir:/', './dir:/a/../b']) {
    assert.equal(parseInputPlace(text), undefined, text)
  }
  for (const text of ['/out', 'out:./x', '/out:', '/:x', '/a/../b:x']) {
    assert.equal(parseOutputPlace(text), undefined, text)
  }
})

test('signals go by name in any case, with or without SIG, or by number', () => {
  assert.equal(parseSignal('sigkill'), 'KILL')
  assert.equal(parseSignal('TERM'), 'TERM')
  assert.equal(parseSignal('9'), '9')
  for (const text of ['', '0', '65', 'SIGNOPE', '-9', 'KILL ']) {
    assert.equal(parseSignal(text), undefined, text)
  }
})

test("no cell of a table steers the terminal, and columns' starts align", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.string()), { minLength: 1 }), (rows) => {
      const text = formatTable(
        [
          ['FIRST', ([a]) => a],
          ['SECOND', ([, b]) => `|${b}`],
        ],
        rows,
      )
      const lines = text.split('\n')
      assert.equal(lines.length, rows.length + 2)
      assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}/u)
    }),
  )
})
