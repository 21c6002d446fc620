import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createDetachKeys } from './detach-keys.ts'

test('keys without the detach sequence arrive unchanged, however they are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 255 }))), (chunks) => {
      const all = [...chunks.flat(), 0x61]
      fc.pre(!all.some((key, at) => key === 0x10 && all[at + 1] === 0x11))
      const keys = createDetachKeys()
      const seen = [...chunks, [0x61]].flatMap((chunk) => [...keys(Uint8Array.from(chunk)).bytes])
      assert.deepEqual(seen, all)
    }),
  )
})

test('ctrl-p ctrl-q detaches, also in two chunks', () => {
  const keys = createDetachKeys()
  assert.equal(keys(Uint8Array.from([0x61, 0x10])).detach, false)
  assert.deepEqual(keys(Uint8Array.from([0x11, 0x62])), { bytes: new Uint8Array(0), detach: true })
})
