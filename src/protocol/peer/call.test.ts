import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ArtelError } from '#core/errors'
import {
  encodeBodyError,
  encodeControl,
  encodeFailure,
  encodeRequest,
  encodeResult,
  parseBodyError,
  parseControl,
  parseRequest,
  parseResponse,
} from './call.ts'
import { createFrameDecoder, frameHeaderBytes } from './frames.ts'

const payload = (frame: Uint8Array) => frame.subarray(frameHeaderBytes)
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

test('requests, results and control messages survive the wire', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const sent = JSON.parse(JSON.stringify(value))
      const request = parseRequest(payload(encodeRequest('a.b', value, 1 << 20)))
      assert.deepEqual(request, { route: 'a.b', params: sent })
      const response = parseResponse(payload(encodeResult('a.b', value, 1 << 20)))
      assert.deepEqual(response, { ok: true, result: sent })
      assert.deepEqual(parseControl(payload(encodeControl(sent))), sent)
    }),
  )
})

test('an error keeps code, message and hint, loses its cause and is cut to size', () => {
  const error = new ArtelError('price', 'm'.repeat(5000), {
    hint: 'pay more',
    cause: new Error('secret'),
  })
  const frame = encodeFailure(error)
  const head = parseResponse(payload(frame))
  assert.ok(!head.ok)
  assert.deepEqual([head.error.code, head.error.hint], ['price', 'pay more'])
  assert.equal(head.error.message.length, 1000)
  assert.ok(!Buffer.from(frame).includes('secret'))
  assert.equal(parseBodyError(payload(encodeBodyError(error))).code, 'price')
})

test('the longest error fits into an error frame', () => {
  const text = '\u0001'.repeat(5000)
  const frame = encodeBodyError(new ArtelError('internal', text, { hint: text }))
  createFrameDecoder(0).push(frame)
})

test('a code from a newer peer counts as internal', () => {
  const head = parseResponse(json({ ok: false, error: { code: 'sunspots', message: 'm' } }))
  assert.ok(!head.ok && head.error.code === 'internal')
})

test('what exceeds its limit is too large before it is sent', () => {
  const tooLarge = (error: unknown) => error instanceof ArtelError && error.code === 'too-large'
  assert.throws(() => encodeRequest('a', 'x'.repeat(10), 11), tooLarge)
  assert.throws(() => encodeResult('a', 'x'.repeat(10), 11), tooLarge)
  assert.throws(() => encodeControl('x'.repeat(70_000)), tooLarge)
  encodeRequest('a', 'x'.repeat(10), 12)
})

test('heads that are no UTF-8, no JSON or of another shape are bad requests', () => {
  const badRequest = (error: unknown) => error instanceof ArtelError && error.code === 'bad-request'
  for (const bytes of [
    Uint8Array.of(0xff),
    new TextEncoder().encode('{'),
    json({ params: 1 }),
    json([]),
  ]) {
    assert.throws(() => parseRequest(bytes), badRequest)
    assert.throws(() => parseResponse(bytes), badRequest)
  }
})
