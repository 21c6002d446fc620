import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSeededRandom } from './random.ts'

const draw = (seed: number | string) => {
  const random = createSeededRandom(seed)
  return Array.from({ length: 20 }, () => random.integer(1_000_000))
}

test('a seed repeats its draws and another seed gives others', () => {
  assert.deepEqual(draw(7), draw(7))
  assert.notDeepEqual(draw(7), draw(8))
})

test('the draws of seed 7 are the same on every machine', () => {
  assert.deepEqual(
    createSeededRandom(7).bytes(8),
    Uint8Array.of(66, 221, 143, 134, 68, 172, 157, 7),
  )
})

test('a fork depends on its name and not on what was drawn before', () => {
  const a = createSeededRandom(7)
  const b = createSeededRandom(7)
  b.bytes(100)
  assert.deepEqual(a.fork('host').bytes(16), b.fork('host').bytes(16))
  assert.notDeepEqual(a.fork('host').bytes(16), a.fork('chain').bytes(16))
})

test('whole numbers stay below their bound', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (seed, max) => {
      const drawn = createSeededRandom(seed).integer(max)
      assert.ok(Number.isSafeInteger(drawn) && drawn >= 0 && drawn < max)
    }),
  )
})

test('whole numbers are spread evenly', () => {
  const random = createSeededRandom('even')
  const counts = Array.from({ length: 10 }, () => 0)
  for (let index = 0; index < 100_000; index += 1) {
    const drawn = random.integer(10)
    counts[drawn] = (counts[drawn] ?? 0) + 1
  }
  // Five standard deviations of a binomial with p = 0.1.
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 475, `${counts}`)
})

test('a bound below one is refused', () => {
  assert.throws(() => createSeededRandom(1).integer(0), /no whole number/)
})
