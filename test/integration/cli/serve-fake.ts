import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createSystemClock } from '#adapters/clock-system/clock'
import { createMemoryRecords } from '#adapters/memory/records'
import { createApi } from '#api/create-api'
import { type ServedApi, serveApi } from '#api/serve-api'
import type { Log } from '#ports/log'
import { createFakeCloud, type FakeCloud } from './fake-services.ts'

export const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => quietLog,
}

export type FakeDaemon = FakeCloud & {
  readonly home: string
  readonly served: ServedApi
  readonly token: string
}

/** Serves a fake cloud on the socket of a home of its own, and on a free port, until the test ends. */
export const serveFake = async (context: TestContext): Promise<FakeDaemon> => {
  const home = await mkdtemp(join(tmpdir(), 'artel-api-'))
  const cloud = createFakeCloud()
  const api = createApi({
    services: cloud.services,
    records: createMemoryRecords(),
    clock: createSystemClock(),
    log: quietLog,
  })
  const token = 'a-token-for-tests'
  const socketPath = join(home, 'artel.sock')
  const served = await serveApi(api, { socketPath, tcp: { port: 0, token } })
  context.after(async () => {
    await served.stop()
    await rm(home, { recursive: true, force: true })
  })
  return Object.assign(cloud, { home, served, token })
}
