import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { defineRoute, type ParamsOf, type ResultOf } from './route.ts'

const decimal = z.codec(z.string().regex(/^\d{1,20}$/), z.bigint(), {
  decode: (text) => BigInt(text),
  encode: (value) => value.toString(),
})

const route = defineRoute({
  name: 'test.echo',
  params: z.strictObject({ words: z.array(z.string()).readonly(), amount: decimal }),
  result: z.strictObject({ count: z.number() }),
  responseBody: true,
})

test('a route infers its parsed types from its schemas', () => {
  const params: ParamsOf<typeof route> = { words: ['a'], amount: 5n }
  const result: ResultOf<typeof route> = { count: 1 }
  assert.deepEqual(route.params.parse(route.params.encode(params)), params)
  assert.deepEqual(route.result.parse(result), result)
})

test('a route fills in the defaults and keeps what it says itself', () => {
  assert.equal(route.responseBody, true)
  assert.equal(route.requestBody, false)
  assert.equal(route.timeoutMs, 10_000)
})
