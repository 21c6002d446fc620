import type { z } from 'zod'
import {
  runGetArchive,
  runKill,
  runPutArchive,
  runResize,
  runStats,
  type statsSchema,
} from '#protocol/peer/host-routes'
import { bodyOf, bytesOf } from './body.ts'
import type { Run } from './run-book.ts'
import { servingLease } from './serving-lease.ts'

/** What clients ask of a container is asked of its host. */
export const killRun = async (run: Run, name: string, signal: AbortSignal): Promise<void> => {
  const { host, ofRun } = servingLease(run)
  await run.context.parts.caller.call(host.peer, runKill, { ...ofRun, signal: name }, { signal })
}

const resizeTimeoutMs = 5_000

export const resizeRun = async (run: Run, columns: number, rows: number): Promise<void> => {
  const { host, ofRun } = servingLease(run)
  const { clock, caller } = run.context.parts
  const { signal } = new AbortController()
  await clock.within(resizeTimeoutMs, signal, 'resize', (limit) =>
    caller.call(host.peer, runResize, { ...ofRun, columns, rows }, { signal: limit }),
  )
}

export const statsOf = async (
  run: Run,
  signal: AbortSignal,
): Promise<z.output<typeof statsSchema>> => {
  const { host, ofRun } = servingLease(run)
  const answer = await run.context.parts.caller.call(host.peer, runStats, ofRun, { signal })
  return answer.result
}

export async function* archiveFrom(
  run: Run,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { host, ofRun } = servingLease(run, true)
  const params = { ...ofRun, path }
  const { body } = await run.context.parts.caller.call(host.peer, runGetArchive, params, { signal })
  yield* bytesOf(body)
}

export const archiveInto = async (
  run: Run,
  path: string,
  tar: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> => {
  const { host, ofRun } = servingLease(run)
  const options = { signal, body: bodyOf(tar) }
  await run.context.parts.caller.call(host.peer, runPutArchive, { ...ofRun, path }, options)
}
