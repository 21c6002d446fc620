import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import type { Engine, ExecSpec } from '#ports/engine'
import { encodeOutputFrame } from '#protocol/output'
import type { BodyPart } from '#protocol/peer/call'
import { abortable } from './abortable.ts'

const sizeSchema = z.strictObject({
  columns: z.number().int().min(1).max(10_000),
  rows: z.number().int().min(1).max(10_000),
})

type Components = { readonly engine: Engine; readonly clock: Clock }

/**
 * A further process in a container: the tenant's body is its input and window sizes, what comes back are
 * output frames and, last, {exitCode}. The process ends with its connection.
 */
export const execInContainer = async (
  { engine, clock }: Components,
  container: string,
  spec: ExecSpec,
  body: AsyncIterable<BodyPart>,
  signal: AbortSignal,
): Promise<AsyncIterable<BodyPart>> => {
  const left = new AbortController()
  const either = AbortSignal.any([signal, left.signal])
  const exec = await engine.exec(container, spec, either)

  const feed = async (): Promise<void> => {
    for await (const part of abortable(body, either)) {
      if (part.kind === 'data') await exec.session.write(part.bytes, either)
      else {
        const size = sizeSchema.safeParse(part.value)
        if (!size.success)
          throw new ArtelError('bad-request', 'no window size in a control message')
        await exec.resize(size.data.columns, size.data.rows, either)
      }
    }
    await exec.session.endInput()
  }

  return (async function* () {
    // Input for a process that has ended is lost, as on any terminal; its output still counts.
    const feeding = feed().catch(() => undefined)
    try {
      for await (const { stream, bytes } of exec.session.output) {
        for (let at = 0; at < bytes.length; at += 64 * 1024) {
          const frame = { stream, atMs: clock.nowMs(), bytes: bytes.subarray(at, at + 64 * 1024) }
          yield { kind: 'data', bytes: encodeOutputFrame(frame) } as const
        }
      }
      yield { kind: 'control', value: { exitCode: await exec.exitCode(either) } } as const
    } finally {
      left.abort(new ArtelError('cancelled', 'the exec is over'))
      exec.session.close()
      await feeding
    }
  })()
}
