import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseTarName, parseVolumePath } from './tar-name.ts'

test('a tar name becomes its parts without the usual decoration', () => {
  assert.deepEqual(parseTarName('./a/b c/'), ['a', 'b c'])
  assert.deepEqual(parseTarName('a//b'), ['a', 'b'])
  assert.deepEqual(parseTarName('./'), [])
})

test('a tar name that leads outside is refused', () => {
  for (const name of ['/etc/passwd', '../x', 'a/../../x', 'a/..', 'a\0b', `a/${'x'.repeat(300)}`]) {
    assert.equal(parseTarName(name), undefined, name)
  }
  assert.equal(parseTarName('a/'.repeat(200)), undefined)
})

test('no name whatsoever gives a part that climbs or holds a slash', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('.', '..', '/', 'a', '', '\0'), { maxLength: 12 }),
      (bits) => {
        for (const part of parseTarName(bits.join('')) ?? []) {
          assert.ok(!part.includes('/') && part !== '..' && part !== '.' && part !== '')
        }
      },
    ),
  )
})

test('a path in a volume has plain parts only', () => {
  assert.deepEqual(parseVolumePath('volumes/data-1'), ['volumes', 'data-1'])
  assert.deepEqual(parseVolumePath(''), [])
  for (const path of ['/a', 'a/', 'a//b', '..', 'a/../b', 'a b', './a']) {
    assert.equal(parseVolumePath(path), undefined, path)
  }
})
