import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArtelError } from '#core/errors'
import { answers, socketCandidates } from './docker-socket.ts'

test('DOCKER_HOST is obeyed before any usual place', () => {
  assert.deepEqual(socketCandidates({ DOCKER_HOST: 'unix:///run/other.sock', HOME: '/h' }), [
    '/run/other.sock',
  ])
})

test('without DOCKER_HOST the usual sockets are tried, that of the system first', () => {
  assert.deepEqual(socketCandidates({ HOME: '/h', XDG_RUNTIME_DIR: '/r' }), [
    '/var/run/docker.sock',
    '/h/.docker/run/docker.sock',
    '/r/docker.sock',
  ])
})

test('an engine on another machine is refused with a hint', () => {
  assert.throws(
    () => socketCandidates({ DOCKER_HOST: 'tcp://10.0.0.1:2375' }),
    (error) => error instanceof ArtelError && error.hint?.includes('unix://') === true,
  )
})

test('nobody answers at a socket that is not there', async () => {
  assert.equal(await answers('/nonexistent/docker.sock', 1000), false)
})
