import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ArtelError } from '#core/errors'
import { formatReference, looksLikeImageId, nameOf, parseReference } from './image-reference.ts'

const spelled = (text: string): string => formatReference(parseReference(text))
const digest = `sha256:${'a'.repeat(64)}`

test('names are spelled out as docker does', () => {
  const examples: Readonly<Record<string, string>> = {
    debian: 'docker.io/library/debian:latest',
    'debian:bookworm-slim': 'docker.io/library/debian:bookworm-slim',
    'artel/render:1': 'docker.io/artel/render:1',
    'docker.io/debian': 'docker.io/library/debian:latest',
    'index.docker.io/library/debian': 'docker.io/library/debian:latest',
    'ghcr.io/owner/name:v1': 'ghcr.io/owner/name:v1',
    'localhost/name': 'localhost/name:latest',
    'localhost:5000/name': 'localhost:5000/name:latest',
    'registry:5000/a/b/c:tag': 'registry:5000/a/b/c:tag',
    [`debian@${digest}`]: `docker.io/library/debian@${digest}`,
    [`debian:12@${digest}`]: `docker.io/library/debian:12@${digest}`,
  }
  for (const [text, expected] of Object.entries(examples)) assert.equal(spelled(text), expected)
})

test('what docker refuses is refused', () => {
  for (const text of ['', 'UPPER', 'a//b', 'a:', 'a:b c', '-a', 'a@sha256:12', 'a@b@c', '../a']) {
    assert.throws(
      () => parseReference(text),
      (error) => error instanceof ArtelError && error.code === 'bad-request',
      text,
    )
  }
})

test('spelling out twice changes nothing', () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,8}$/)
  const tag = fc.stringMatching(/^[a-z0-9]{1,8}$/)
  const reference = fc
    .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.option(tag))
    .map(([parts, label]) => parts.join('/') + (label === null ? '' : `:${label}`))
  fc.assert(
    fc.property(reference, (text) => {
      assert.equal(spelled(spelled(text)), spelled(text))
      assert.ok(spelled(text).startsWith(nameOf(parseReference(text))))
    }),
  )
})

test('ids of images are told from names', () => {
  assert.ok(looksLikeImageId(digest))
  assert.ok(looksLikeImageId('60f814669ead'))
  assert.ok(!looksLikeImageId('debian'))
})
