import type { RunSession } from '#api/services'
import { ArtelError } from '#core/errors'
import type { RunExit } from '#core/run'
import type { ServerControl } from '#protocol/api/stream'
import type { OutputFrame } from '#protocol/output'
import { killedBy, type Program } from './fake-program.ts'

/** A queue that one side fills and another awaits. */
const createQueue = <T>() => {
  const items: T[] = []
  let wake = Promise.withResolvers<void>()
  return {
    put: (item: T) => {
      items.push(item)
      wake.resolve()
    },
    take: async (): Promise<T> => {
      for (;;) {
        const item = items.shift()
        if (item !== undefined) return item
        wake = Promise.withResolvers()
        await wake.promise
      }
    },
  }
}

export type Execution = {
  readonly ended: Promise<RunExit>
  readonly frames: readonly OutputFrame[]
  readonly exit: () => RunExit | undefined
  readonly kill: (signal: string) => void
  readonly notice: (message: string) => void
  readonly attach: () => RunSession
  /** Frames from the beginning, with follow until the end. */
  readonly output: (follow: boolean) => AsyncGenerator<OutputFrame>
  readonly inputBytes: () => number
  readonly sessionsClosed: () => number
}

/** Executes a scripted program and keeps what it printed. */
export const execute = (
  program: Program | undefined,
  given: { readonly args: readonly string[]; readonly env: readonly string[] },
): Execution => {
  const events: (OutputFrame | ServerControl)[] = []
  let changed = Promise.withResolvers<void>()
  let exit: RunExit | undefined
  let inputBytes = 0
  let sessionsClosed = 0
  const input = createQueue<Uint8Array | 'end'>()
  const signals = createQueue<string>()
  const sizes = createQueue<string>()
  const dead = Promise.withResolvers<number>()
  const push = (event: OutputFrame | ServerControl) => {
    events.push(event)
    changed.resolve()
    changed = Promise.withResolvers()
  }
  async function* readInput(): AsyncGenerator<Uint8Array> {
    for (let chunk = await input.take(); chunk !== 'end'; chunk = await input.take()) yield chunk
  }
  const start = async (): Promise<RunExit> => {
    const io = {
      ...given,
      input: readInput(),
      signalled: signals.take,
      resized: sizes.take,
      print: (stream: 'stdout' | 'stderr', data: Uint8Array | string) =>
        push({
          stream,
          atMs: 1_790_000_000_000,
          bytes: typeof data === 'string' ? new TextEncoder().encode(data) : data,
        }),
    }
    if (program !== undefined) push({ type: 'started' })
    const exitCode = program === undefined ? 127 : await Promise.race([program(io), dead.promise])
    exit = {
      exitCode,
      finishedAtMs: 1_790_000_001_000,
      ...(program === undefined
        ? {
            reason: 'command-not-found' as const,
            message: 'exec: not found in $PATH',
            hint: 'look into the image',
          }
        : {}),
    }
    push({ type: 'exit', exit })
    return exit
  }
  async function* follow(open: () => boolean, live: boolean) {
    for (let at = 0; open(); at += 1) {
      while (at === events.length && open()) {
        if (!live || exit !== undefined) return
        await changed.promise
      }
      const event = events[at]
      if (event !== undefined) yield event
      if (event !== undefined && 'type' in event && event.type === 'exit') return
    }
  }
  const attach = (): RunSession => {
    let open = true
    return {
      events: follow(() => open, true),
      write: async (bytes) => {
        if (exit !== undefined) throw new ArtelError('conflict', 'the program has ended')
        inputBytes += bytes.length
        input.put(Uint8Array.from(bytes))
      },
      endInput: async () => input.put('end'),
      resize: async (columns, rows) => sizes.put(`${columns}x${rows}`),
      close: async () => {
        if (open) sessionsClosed += 1
        open = false
        changed.resolve()
        changed = Promise.withResolvers()
      },
    }
  }
  return {
    ended: start(),
    get frames() {
      return events.filter((event) => 'stream' in event)
    },
    exit: () => exit,
    kill: (signal) => {
      signals.put(signal)
      if (signal === 'KILL') dead.resolve(killedBy(signal))
    },
    notice: (message) => push({ type: 'notice', message }),
    attach,
    output: async function* (live) {
      for await (const event of follow(() => true, live)) if ('stream' in event) yield event
    },
    inputBytes: () => inputBytes,
    sessionsClosed: () => sessionsClosed,
  }
}
