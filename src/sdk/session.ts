import { ArtelError } from '#core/errors'
import {
  type ClientControl,
  createStreamDecoder,
  encodeStreamFrame,
  type ServerControl,
  streamFrameBytesMax,
} from '#protocol/api/stream'
import { errorOf, errorOfAnswer } from './error-of.ts'
import type { Transport, TransportStream } from './transport.ts'

export type SessionOutput = {
  readonly type: 'stdout' | 'stderr'
  readonly bytes: Uint8Array
}
export type SessionEvent = SessionOutput | Exclude<ServerControl, { type: 'error' }>

/** A live pipe or terminal to a run. */
export type Session = {
  /** Ends after `exit`; throws the error of the node, and 'unavailable' when the stream breaks off before. */
  readonly events: AsyncIterable<SessionEvent>
  /** Resolves when there is room for more. */
  readonly write: (bytes: Uint8Array) => Promise<void>
  readonly endInput: () => Promise<void>
  readonly resize: (columns: number, rows: number) => Promise<void>
  readonly close: () => void
}

export const openSession = async (
  transport: Transport,
  path: string,
  first: ClientControl | undefined,
  signal: AbortSignal | undefined,
): Promise<Session> => {
  const answer = await transport.upgrade(path, signal)
  if (answer.kind === 'refused') {
    const parts: string[] = []
    const decoder = new TextDecoder()
    for await (const chunk of answer.body) parts.push(decoder.decode(chunk, { stream: true }))
    throw errorOfAnswer(answer.status, parts.join(''))
  }
  const { stream } = answer
  const say = (value: ClientControl) => stream.write(encodeStreamFrame({ kind: 'control', value }))
  if (first !== undefined) await say(first)
  return {
    events: readEvents(stream),
    write: async (bytes) => {
      for (let at = 0; at < bytes.length; at += streamFrameBytesMax) {
        const part = bytes.subarray(at, at + streamFrameBytesMax)
        await stream.write(encodeStreamFrame({ kind: 'stdin', bytes: part }))
      }
    },
    endInput: () => say({ type: 'stdin-end' }),
    resize: (columns, rows) => say({ type: 'resize', columns, rows }),
    close: stream.close,
  }
}

async function* readEvents(stream: TransportStream): AsyncGenerator<SessionEvent> {
  const decode = createStreamDecoder()
  try {
    for await (const chunk of stream.incoming) {
      for (const frame of decode(chunk)) {
        if (frame.kind === 'stdout' || frame.kind === 'stderr') {
          if (frame.bytes.length > 0) yield { type: frame.kind, bytes: frame.bytes }
          continue
        }
        const control = frame.kind === 'control' ? readControl(frame.value) : undefined
        if (control?.type === 'error') throw errorOf(control)
        if (control !== undefined) yield control
        if (control?.type === 'exit') return
      }
    }
  } finally {
    stream.close()
  }
  throw new ArtelError('unavailable', 'the connection to the node broke off')
}

const kinds: ReadonlySet<unknown> = new Set(['notice', 'progress', 'started', 'exit', 'error'])

const isControl = (value: unknown): value is ServerControl =>
  typeof value === 'object' && value !== null && 'type' in value && kinds.has(value.type)

/** A control that a newer node says and this client does not know is passed over. */
const readControl = (value: unknown): ServerControl | undefined =>
  isControl(value) ? value : undefined
