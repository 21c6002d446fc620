import { ArtelError } from '#core/errors'
import type { EngineSession, OutputChunk } from '#ports/engine'
import { createPipe, type InputPipe, type OutputPipe } from './engine-pipe.ts'
import type { Tree } from './tree.ts'

/** What a program in a memory container sees of the world. */
export type MemoryProcess = {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Aborts when the process is killed. */
  readonly signal: AbortSignal
  /** Waits while a listener is behind. */
  readonly say: (stream: OutputChunk['stream'], text: string | Uint8Array) => Promise<void>
  /** The next input; undefined at its end. */
  readonly hear: () => Promise<Uint8Array | undefined>
  /** Of the clock's time; a frozen container's sleep ends after the thaw. `until` may end it early. */
  readonly sleep: (ms: number, until?: AbortSignal) => Promise<void>
  /** The file tree that an absolute path lies in, mounted or the container's own. */
  readonly locate: (path: string) => { readonly tree: Tree; readonly parts: readonly string[] }
  /** Ends every process of the container but the first and those beside it. */
  readonly killOthers: () => void
  /** Aborts when `killOthers` was called anywhere in the container. */
  readonly others: () => AbortSignal
}

/** Ends with an exit code, or because the kernel found no memory for it. */
export type MemoryProgram = (process: MemoryProcess) => Promise<number | 'out-of-memory'>

/** Thrown inside a program whose process is killed. */
export const killed = (): ArtelError => new ArtelError('interrupted', 'killed')

export type Stdio = {
  readonly input: InputPipe
  readonly listeners: Set<OutputPipe>
}

export const createStdio = (): Stdio => ({ input: createPipe(), listeners: new Set() })

/** Speaks to every listener; who has gone away hears nothing. */
export const sayTo = async (
  stdio: Stdio,
  stream: OutputChunk['stream'],
  said: string | Uint8Array,
): Promise<void> => {
  const bytes = typeof said === 'string' ? new TextEncoder().encode(said) : said.slice()
  if (bytes.length === 0) return
  for (const listener of [...stdio.listeners]) await listener.put({ stream, bytes })
}

export const endOutput = (stdio: Stdio): void => {
  for (const listener of stdio.listeners) listener.end()
  stdio.listeners.clear()
  stdio.input.drop()
}

async function* output(
  pipe: OutputPipe,
  close: () => void,
  signal: AbortSignal,
): AsyncGenerator<OutputChunk> {
  try {
    for (;;) {
      const chunk = await pipe.take()
      if (chunk === undefined) {
        signal.throwIfAborted()
        return
      }
      yield chunk
    }
  } finally {
    close()
  }
}

/** A connection to a process; when it has ended already there is nothing to hear. */
export const openSession = (
  stdio: Stdio,
  withInput: boolean,
  ended: boolean,
  signal: AbortSignal,
): EngineSession => {
  const pipe: OutputPipe = createPipe()
  if (ended) pipe.end()
  else stdio.listeners.add(pipe)
  const close = (): void => {
    stdio.listeners.delete(pipe)
    pipe.drop()
    signal.removeEventListener('abort', close)
  }
  signal.addEventListener('abort', close, { once: true })
  return {
    output: output(pipe, close, signal),
    write: async (bytes, writeSignal) => {
      writeSignal.throwIfAborted()
      const given = new Promise<never>((_resolve, reject) => {
        writeSignal.addEventListener('abort', () => reject(writeSignal.reason), { once: true })
      })
      const taken = withInput
        ? await Promise.race([stdio.input.put({ bytes: bytes.slice() }), given])
        : false
      if (!taken) throw new ArtelError('interrupted', 'the process takes no more input')
    },
    endInput: async () => {
      if (withInput) stdio.input.end()
    },
    close,
  }
}
