import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dockerfileBases } from './dockerfile-bases.ts'

test('names every image that must exist before a build, once', () => {
  const dockerfile = [
    '# FROM nothing',
    'FROM --platform=linux/amd64 debian:bookworm-slim AS build',
    'RUN echo FROM the inside',
    'from busybox:1',
    'COPY --from=build /a /a',
    'FROM debian:bookworm-slim',
  ].join('\n')
  assert.deepEqual(dockerfileBases(dockerfile), ['debian:bookworm-slim', 'busybox:1'])
})

test('leaves out scratch, earlier stages and names taken from arguments', () => {
  const dockerfile = 'ARG BASE=x\nFROM $BASE AS one\nFROM one AS two\nFROM scratch\nFROM Two'
  assert.deepEqual(dockerfileBases(dockerfile), [])
})
