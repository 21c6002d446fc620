import { z } from 'zod'
import { ArtelError, toArtelError } from '#core/errors'
import type { ExecCreate } from '#protocol/api/runs'
import type { ServerControl } from '#protocol/api/stream'
import { createOutputDecoder, type OutputFrame } from '#protocol/output'
import type { BodyPart } from '#protocol/peer/call'
import { runExec } from '#protocol/peer/host-routes'
import { createMailbox, type Mailbox } from './mailbox.ts'
import type { Run } from './run-book.ts'
import type { RunSession } from './run-session.ts'
import { servingLease } from './serving-lease.ts'

const exitSchema = z.object({ exitCode: z.number().int().min(0).max(255) })
const partsMax = 16

async function* eventsOf(
  { context }: Run,
  body: AsyncIterable<BodyPart>,
  onEnd: () => void,
): AsyncGenerator<OutputFrame | ServerControl> {
  const decoder = createOutputDecoder()
  // The host answers once the process runs: from now on the client's terminal is its terminal.
  yield { type: 'started' }
  try {
    for await (const part of body) {
      if (part.kind === 'data') {
        yield* decoder.push(part.bytes)
        continue
      }
      const exit = exitSchema.safeParse(part.value)
      if (!exit.success) continue
      const finishedAtMs = context.parts.clock.nowMs()
      yield { type: 'exit', exit: { exitCode: exit.data.exitCode, finishedAtMs } }
      return
    }
    throw new ArtelError('unavailable', 'the host ended the process without its exit code')
  } catch (caught) {
    const { code, message, hint } = toArtelError(caught)
    yield { type: 'error', code, message, ...(hint === undefined ? {} : { hint }) }
  } finally {
    onEnd()
  }
}

const inputOf = (mailbox: Mailbox<BodyPart>, cut: AbortController) => ({
  write: async (bytes: Uint8Array) => mailbox.push({ kind: 'data', bytes: bytes.slice() }),
  endInput: async () => mailbox.close(),
  resize: async (columns: number, rows: number) =>
    mailbox.urge({ kind: 'control', value: { columns, rows } }),
  close: async () => {
    mailbox.close()
    cut.abort(new ArtelError('cancelled', 'the client has left'))
  },
})

/** Starts a further process in a running container. Throws 'conflict' when it does not run. */
export const execIn = async (
  run: Run,
  request: ExecCreate,
  signal: AbortSignal,
): Promise<RunSession> => {
  const { host, ofRun } = servingLease(run)
  const cut = new AbortController()
  const limit = AbortSignal.any([signal, cut.signal])
  const input = createMailbox<BodyPart>(partsMax)
  const params = { ...ofRun, ...request }
  const { caller } = run.context.parts
  const { body } = await caller.call(host.peer, runExec, params, { signal: limit, body: input })
  return { ...inputOf(input, cut), events: eventsOf(run, body, () => input.close()) }
}
