import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PersistentMap } from './persistent-map.ts'

test('it remembers what a Map remembers', () => {
  const entry = fc.tuple(fc.string({ maxLength: 3 }), fc.nat())
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 200 }), (entries) => {
      const map = entries.reduce(
        (sum, [key, value]) => sum.with(key, value),
        new PersistentMap<number>(),
      )
      const sorted = (pairs: Iterable<readonly [string, number]>) =>
        [...pairs].sort(([a], [b]) => (a < b ? -1 : 1))
      assert.deepEqual(sorted(map.entries()), sorted(new Map(entries)))
      for (const [key, value] of new Map(entries)) assert.equal(map.get(key), value)
      assert.equal(map.get('four'), undefined)
    }),
  )
})

test('an older version keeps what it held', () => {
  const old = new PersistentMap<number>().with('a', 1)
  const next = old.with('a', 2).with('b', 3)
  assert.deepEqual([...old.entries()], [['a', 1]])
  assert.equal(next.get('a'), 2)
})

test('keys whose hashes are equal are told apart', () => {
  const seen = new Map<number, string>()
  let pair: readonly [string, string] | undefined
  for (let index = 0; pair === undefined; index += 1) {
    const key = `${index}`
    const hash = fnv(key)
    const other = seen.get(hash)
    if (other !== undefined) pair = [other, key]
    seen.set(hash, key)
  }
  const [a, b] = pair
  const map = new PersistentMap<string>().with(a, 'first').with(b, 'second').with(a, 'third')
  assert.deepEqual([map.get(a), map.get(b)], ['third', 'second'])
  assert.equal([...map.entries()].length, 2)
})

/** The map mixes FNV-1a by a bijection, so keys that collide here collide there. */
const fnv = (key: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}
