import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPublicRegistry } from './image-name.ts'

test('no registry is asked that only a local network knows', () => {
  const references = {
    debian: true,
    'library/debian:12': true,
    'ghcr.io/a/b@sha256:00': true,
    'registry.example.org:5000/a': true,
    'localhost/a': false,
    'localhost:5000/a': false,
    '127.0.0.1:5000/a': false,
    '192.168.1.2/a': false,
    '[::1]:5000/a': false,
    'registry:5000/a': false,
    'nas.local/a': false,
    'Nas.LAN:80/a': false,
  }
  for (const [reference, expected] of Object.entries(references)) {
    assert.equal(isPublicRegistry(reference), expected, reference)
  }
})
