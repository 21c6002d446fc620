import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLineReader, parseTaskEnd, runnerScript, taskScript } from './task-script.ts'

test('words reach the command as they are, whatever they contain', () => {
  const word = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\0'))
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      const sound = words.map((text) => Buffer.from(text).toString())
      const script = taskScript(['printf', '%s\\0', ...sound])
      const said = execFileSync('sh', ['-c', script], { encoding: 'utf8' })
      assert.equal(said, sound.map((text) => `${text}\0`).join(''))
    }),
    { numRuns: 25 },
  )
})

test('a word with NUL is refused: no process can be given it', () => {
  assert.throws(() => taskScript(['a\0b']), { code: 'bad-request' })
})

test('the runner says number and exit code of every task, and keeps their output apart', () => {
  const directory = mkdtempSync(join(tmpdir(), 'artel-task-'))
  try {
    writeFileSync(join(directory, 'task.sh'), taskScript(['sh', '-c', 'echo hi; exit 5']))
    const script = runnerScript.replaceAll('/.artel', directory)
    const { stdout } = spawnSync('sh', ['-c', script], { input: '1\n2\n', encoding: 'utf8' })
    const ends = stdout.trim().split('\n').map(parseTaskEnd)
    assert.deepEqual(
      ends.map((end) => [end?.id, end?.exitCode]),
      [
        [1, 5],
        [2, 5],
      ],
    )
    assert.equal(execFileSync('cat', [join(directory, 'stdout')], { encoding: 'utf8' }), 'hi\n')
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('only the runner’s own lines count as the end of a task', () => {
  assert.deepEqual(parseTaskEnd('3 137 1'), { id: 3, exitCode: 137, killed: 1 })
  for (const line of ['', '3 256 0', '3 1', 'x 1 0', '3 1 0 ']) {
    assert.equal(parseTaskEnd(line), undefined)
  }
})

test('lines come whole however their bytes are cut', () => {
  const lines: string[] = []
  const read = createLineReader((line) => lines.push(line))
  for (const part of ['1 0', ' 0\n2 ', '0 0\n', '3']) read(new TextEncoder().encode(part))
  assert.deepEqual(lines, ['1 0 0', '2 0 0'])
})
