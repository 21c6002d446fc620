import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSystemClock } from '#adapters/clock-system/clock'
import type { JsonValue } from '#core/json'
import { createFakeCloud } from '../../test/integration/cli/fake-services.ts'
import { endpointsOf } from './create-api.ts'
import { nothing } from './endpoint.ts'
import { openApiDocument } from './openapi.ts'

const endpoints = endpointsOf({ services: createFakeCloud().services, clock: createSystemClock() })
const document = openApiDocument(endpoints)

test('every example of the description is valid by the schema beside it', () => {
  for (const { path, body, bodyExample, response, responseExample } of endpoints) {
    if (body !== nothing) {
      assert.notEqual(bodyExample, undefined, `${path} has no example`)
      assert.doesNotThrow(() => body.parse(bodyExample), path)
    }
    if (responseExample !== undefined) {
      assert.doesNotThrow(() => response?.parse(responseExample), path)
    }
  }
})

test('the description names every route, and its references lead somewhere', () => {
  const paths = document.paths as Record<string, Record<string, JsonValue>>
  for (const { path, method } of endpoints) {
    assert.ok(paths[path]?.[method.toLowerCase()], `${method} ${path}`)
  }
  const text = JSON.stringify(document)
  const schemas = (document.components as { schemas: Record<string, JsonValue> }).schemas
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    assert.ok(schemas[name ?? ''], name)
  }
  assert.doesNotMatch(text, /"#\/\$defs/)
})

test('every operation has a name of its own', () => {
  const names = JSON.stringify(document).match(/"operationId":"\w+"/g) ?? []
  assert.equal(new Set(names).size, names.length)
  assert.ok(names.length >= endpoints.length)
})
