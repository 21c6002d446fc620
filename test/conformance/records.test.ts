import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { createMemoryRecords } from '#adapters/memory/records'
import { openSqliteRecords } from '#adapters/records-sqlite/records'
import type { Records } from '#ports/records'

const directory = mkdtempSync(join(tmpdir(), 'artel-records-'))
after(() => rmSync(directory, { recursive: true }))

let files = 0
const newFile = (): string => {
  files += 1
  return join(directory, `${files}.sqlite`)
}

const adapters: Readonly<Record<string, () => Records & { close?: () => void }>> = {
  memory: createMemoryRecords,
  sqlite: () => openSqliteRecords(newFile()),
}

for (const [name, make] of Object.entries(adapters)) {
  describe(`records in ${name}`, () => {
    test('what was put is got, listed in key order, and gone after delete', () => {
      const records = make()
      records.put('t', 'b', { n: 2 })
      records.put('t', 'a', [1, null, 'x'])
      records.put('u', 'a', true)
      assert.deepEqual(records.get('t', 'a'), [1, null, 'x'])
      assert.deepEqual(
        records.list('t').map((row) => row.key),
        ['a', 'b'],
      )
      records.delete('t', 'a')
      records.delete('t', 'a')
      assert.equal(records.get('t', 'a'), undefined)
      assert.equal(records.get('u', 'a'), true)
    })

    test('a listing pages by prefix, last key and limit', () => {
      const records = make()
      for (const key of ['x/1', 'x/2', 'x/3', 'y/1']) records.put('t', key, key)
      const page = records.list('t', { prefix: 'x/', limit: 2 })
      assert.deepEqual(
        page.map((row) => row.key),
        ['x/1', 'x/2'],
      )
      const next = records.list('t', { prefix: 'x/', after: 'x/2' })
      assert.deepEqual(
        next.map((row) => row.value),
        ['x/3'],
      )
    })

    test('a journal numbers its entries from 1 without gaps, also after trimming all of it', () => {
      const records = make()
      assert.equal(records.append('j', 'a'), 1)
      assert.equal(records.append('j', 'b'), 2)
      assert.equal(records.append('k', 'z'), 1)
      records.trim('j', 3)
      assert.deepEqual(records.read('j', 1, 10), [])
      assert.equal(records.append('j', 'c'), 3)
      assert.deepEqual(records.read('j', 1, 10), [{ sequence: 3, value: 'c' }])
    })

    test('a transaction that throws leaves nothing, an inner one that throws and is caught leaves the outer', () => {
      const records = make()
      assert.throws(() =>
        records.transaction(() => {
          records.put('t', 'a', 1)
          records.append('j', 1)
          throw new Error('no')
        }),
      )
      assert.equal(records.get('t', 'a'), undefined)
      assert.deepEqual(records.read('j', 1, 10), [])
      records.transaction(() => {
        records.put('t', 'outer', 1)
        assert.throws(() =>
          records.transaction(() => {
            records.put('t', 'inner', 1)
            throw new Error('no')
          }),
        )
      })
      assert.equal(records.get('t', 'outer'), 1)
      assert.equal(records.get('t', 'inner'), undefined)
      assert.equal(records.append('j', 2), 1)
    })

    test('behaves as a plain map whatever is done to it', () => {
      const key = fc.constantFrom('a', 'b', 'ab', 'ä', '', '\u{1f600}')
      fc.assert(
        fc.property(
          fc.array(fc.tuple(key, fc.option(fc.jsonValue())), { maxLength: 30 }),
          (steps) => {
            const records = make()
            const model = new Map<string, unknown>()
            for (const [name, value] of steps) {
              if (value === null) {
                records.delete('t', name)
                model.delete(name)
              } else {
                const plain: typeof value = JSON.parse(JSON.stringify(value))
                records.put('t', name, plain as never)
                model.set(name, plain)
              }
            }
            for (const [name, value] of model) assert.deepEqual(records.get('t', name), value)
            assert.equal(records.list('t').length, model.size)
            records.close?.()
          },
        ),
        { numRuns: name === 'sqlite' ? 15 : 100, seed: 7 },
      )
    })
  })
}

test('the memory adapter forgets what was not flushed when it crashes', () => {
  const records = createMemoryRecords()
  records.transaction(() => records.put('t', 'kept', 1))
  records.put('t', 'lost', 1)
  records.append('j', 'lost')
  records.crash()
  assert.equal(records.get('t', 'kept'), 1)
  assert.equal(records.get('t', 'lost'), undefined)
  assert.equal(records.append('j', 'again'), 1)
})

test('a database in use by another process is a conflict that says what to do', () => {
  const file = newFile()
  const first = openSqliteRecords(file)
  first.put('t', 'a', 1)
  const program = `import { openSqliteRecords } from '#adapters/records-sqlite/records'
    try { openSqliteRecords(${JSON.stringify(file)}); console.log('opened') } catch (e) { console.log(e.code, e.hint) }`
  const second = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
    encoding: 'utf8',
  })
  assert.match(second.stdout, /^conflict .*artel down/)
  first.close()
})

test('a file that is no database is corrupt, and stays as it is', () => {
  const file = newFile()
  writeFileSync(file, 'this is no database, it is a note to myself'.repeat(100))
  assert.throws(() => openSqliteRecords(file), { code: 'corrupt' })
})

test('a database survives being closed and opened again', () => {
  const file = newFile()
  const first = openSqliteRecords(file)
  first.put('t', 'a', { deep: [1] })
  first.append('j', 'x')
  first.close()
  const second = openSqliteRecords(file)
  assert.deepEqual(second.get('t', 'a'), { deep: [1] })
  assert.equal(second.append('j', 'y'), 2)
  second.close()
})
